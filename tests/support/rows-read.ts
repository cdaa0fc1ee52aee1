import { z } from 'zod'
import type { Database, Parameter, Sql } from '#database/connection.ts'

const counter = z.object({ Variable_name: z.string(), Value: z.coerce.number() })

/** How many rows the server read for this work, from indexes, tables and temporary tables: what a plan really costs. */
export const rowsRead = (database: Database, work: (sql: Sql) => Promise<unknown>): Promise<number> =>
  database.transaction(async (sql) => {
    const count = async (): Promise<number> => {
      const rows = await sql.rows(counter, `SHOW SESSION STATUS LIKE 'Handler_read%'`)
      return rows.reduce((sum, { Value }) => sum + Value, 0)
    }
    const before = await count()
    await work(sql)
    // Asking costs a few rows by itself.
    return (await count()) - before
  })

const explainRow = z.object({
  table: z.string().nullable(),
  type: z.string().nullable(),
  key: z.string().nullable(),
  Extra: z.string().nullable(),
})

/**
 * What is bad about a statement's plan: tables read from end to end and rows sorted outside an index. What an inner SELECT has
 * brought together (`<derived2>`, `<union1,2>`) is small and may be sorted.
 */
export const planFaults = async (
  sql: Sql,
  statement: { readonly sql: string; readonly parameters: readonly Parameter[] },
): Promise<readonly string[]> => {
  const rows = await sql.rows(explainRow, `EXPLAIN FORMAT=TRADITIONAL ${statement.sql}`, statement.parameters)
  return rows.flatMap((row) => {
    if (row.table === null || row.table.startsWith('<')) return []
    const faults: string[] = []
    if (row.type === 'ALL') faults.push(`${row.table} is read from end to end`)
    if (row.Extra?.includes('filesort')) faults.push(`${row.table} is sorted`)
    return faults
  })
}
