import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createConnection } from 'mysql2/promise'
import type { RowDataPacket } from 'mysql2/promise'
import { applyMigration } from './apply-migration.ts'
import { checkDatabaseAddress } from './database-address.ts'

const folder = new URL('./migrations/', import.meta.url)

/**
 * Brings the schema up to date: applies the numbered files of `migrations/` that are not yet recorded, in order, forwards only.
 * Two at once are harmless: one waits for the other's lock; one that was interrupted goes on where it stopped. A file that
 * was changed after it was applied stops everything.
 */
export const migrate = async (databaseUrl: string): Promise<{ readonly applied: readonly string[] }> => {
  const connection = await createConnection({
    uri: checkDatabaseAddress(databaseUrl),
    timezone: 'Z',
  })
  try {
    const [[lock]] = await connection.query<RowDataPacket[]>(
      `SELECT GET_LOCK(CONCAT('autoreduction.migrate.', LEFT(SHA2(DATABASE(), 256), 40)), 60) AS taken`,
    )
    if (lock?.taken !== 1)
      throw new Error('Another migration has been running for a minute. Look for it, then try again.')
    await connection.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      name VARCHAR(128) NOT NULL PRIMARY KEY, sha256 CHAR(64) NOT NULL, applied_at DATETIME(6) NOT NULL
    ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`)
    const [recorded] = await connection.query<RowDataPacket[]>('SELECT name, sha256 FROM schema_migrations')
    const known = new Map(recorded.map((row) => [String(row.name), String(row.sha256)]))

    const applied: string[] = []
    for (const name of (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort()) {
      const sql = await readFile(new URL(name, folder), 'utf8')
      const sha256 = createHash('sha256').update(sql).digest('hex')
      const before = known.get(name)
      if (before === sha256) continue
      if (before !== undefined) {
        throw new Error(`Migration ${name} was changed after it had been applied. Write a new one instead.`)
      }
      await applyMigration(connection, { name, sql, sha256 })
      applied.push(name)
    }
    return { applied }
  } finally {
    await connection.end()
  }
}
