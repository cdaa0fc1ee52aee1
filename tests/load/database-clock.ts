import { z } from 'zod'
import type { Database } from '#database/connection.ts'

/** The time by which all others here are told. */
export const databaseNow = async (database: Database): Promise<Date> => {
  const [row] = await database.rows(z.object({ now: z.date() }), 'SELECT UTC_TIMESTAMP(6) AS now')
  if (!row) throw new Error('the database does not tell the time')
  return row.now
}

export const countRows = async (
  database: Database,
  sql: string,
  parameters: readonly string[] = [],
): Promise<number> => {
  const [row] = await database.rows(z.object({ count: z.coerce.number() }), sql, parameters)
  return row?.count ?? 0
}
