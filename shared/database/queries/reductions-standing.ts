import { z } from 'zod'
import { reductionStates } from '#domain/reduction-states.ts'
import type { Sql } from '../connection.ts'
import { flag, integer } from './column-parsers.ts'

const standingSchema = z.object({
  id: integer,
  fence: integer,
  state: z.enum(reductionStates),
  hasResults: flag,
  daysSinceEnd: integer.nullable(),
})
/** How far a reduction has come, for whoever finds its traces on disk. */
export type Standing = z.infer<typeof standingSchema>

/** Those of these reductions that the database knows, by id. */
export const standingOfReductions = async (
  sql: Sql,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Standing>> => {
  if (ids.length === 0) return new Map()
  const rows = await sql.rows(
    standingSchema,
    `SELECT id, fence, state, results_path IS NOT NULL AS hasResults,
       TIMESTAMPDIFF(DAY, finished_at, UTC_TIMESTAMP(6)) AS daysSinceEnd
     FROM reductions WHERE id IN (?)`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}
