import type { Connection, RowDataPacket } from 'mysql2/promise'

export type Migration = { readonly name: string; readonly sql: string; readonly sha256: string }

export type RunSql = Pick<Connection, 'query'>

/** Codes that a statement ends with where it has been carried out before. */
const doneBefore = new Set(['ER_TABLE_EXISTS_ERROR', 'ER_DUP_KEYNAME', 'ER_DUP_FIELDNAME', 'ER_DUP_ENTRY'])

/** The statements of a migration: each ends with a semicolon at the end of a line; comments have lines of their own. */
export const statementsOf = (sql: string): readonly string[] =>
  sql
    .replace(/^\s*--.*$/gm, '')
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')

/**
 * Carries out a migration statement by statement, and goes on where an interrupted one stopped: neither server takes back a table that was
 * made. Which statement was begun is written down before it; only that one may turn out to have been done already.
 */
export const applyMigration = async (connection: RunSql, { name, sql, sha256 }: Migration): Promise<void> => {
  await connection.query(`CREATE TABLE IF NOT EXISTS schema_migration_steps (
    name VARCHAR(128) NOT NULL PRIMARY KEY, sha256 CHAR(64) NOT NULL, begun INT NOT NULL
  ) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4`)
  const [[interrupted]] = await connection.query<RowDataPacket[]>(
    'SELECT sha256, begun FROM schema_migration_steps WHERE name = ?',
    [name],
  )
  if (interrupted && interrupted['sha256'] !== sha256) {
    throw new Error(`Migration ${name} was changed after it had been begun. Finish it with the version that began it.`)
  }
  const from = interrupted ? Number(interrupted['begun']) : 0
  for (const [place, statement] of statementsOf(sql).entries()) {
    if (place < from) continue
    await connection.query('REPLACE INTO schema_migration_steps (name, sha256, begun) VALUES (?, ?, ?)', [
      name,
      sha256,
      place,
    ])
    await connection.query(statement).catch((fault: unknown) => {
      const wasDone = interrupted && place === from && fault instanceof Error
      if (!wasDone || !doneBefore.has(String(Reflect.get(fault, 'code')))) throw fault
    })
  }
  await connection.query('REPLACE INTO schema_migrations (name, sha256, applied_at) VALUES (?, ?, UTC_TIMESTAMP(6))', [
    name,
    sha256,
  ])
  await connection.query('DELETE FROM schema_migration_steps WHERE name = ?', [name])
}
