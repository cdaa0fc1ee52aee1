import { randomBytes } from 'node:crypto'
import { createConnection } from 'mysql2/promise'
import { inject } from 'vitest'
import { openDatabase, type Database } from '#database/connection.ts'
import { migrate } from '#database/migrate.ts'

export type FreshSchema = { readonly database: Database; readonly url: string; readonly drop: () => Promise<void> }

/** A migrated schema of its own for one test file, so that files run side by side. `drop()` belongs into `afterAll`. */
export const freshSchema = async (): Promise<FreshSchema> => {
  const server = inject('databaseUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  const run = async (sql: string): Promise<void> => {
    const connection = await createConnection({ uri: server })
    await connection.query(sql)
    await connection.end()
  }
  await run(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  const url = new URL(server)
  url.pathname = `/${name}`
  await migrate(url.href)
  const database = openDatabase(url.href)
  return {
    database,
    url: url.href,
    drop: async () => {
      await database.close()
      await run(`DROP DATABASE ${name}`)
    },
  }
}
