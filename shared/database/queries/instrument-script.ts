import { z } from 'zod'
import { variablesSchema } from '#contracts/variables.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Variable } from '#domain/variables.ts'
import type { Sql } from '../connection.ts'
import { jsonText } from './column-parsers.ts'
import { allOf, experimentsVisibleTo } from './visible-to.ts'

/** How many of the newest reductions are looked at for a script whose variables are known. */
const newestReductions = 200

const knownVariablesSchema = z.object({ scriptSha256: z.string(), variables: jsonText(variablesSchema) })

/** The variables of the newest script of an instrument that could be read: what is offered while the current one cannot. */
export const newestKnownVariables = async (
  sql: Sql,
  viewer: Viewer,
  instrument: string,
): Promise<{ readonly scriptSha256: string; readonly variables: readonly Variable[] } | undefined> => {
  const all = allOf(
    { sql: 'reductions.instrument = ?', parameters: [instrument] },
    experimentsVisibleTo(viewer, 'reductions'),
  )
  const newest = ['Completed', 'Error'].map(
    (state) => `(SELECT id, script_sha256 FROM reductions FORCE INDEX (finished_of_instrument)
      WHERE ${all.sql} AND state = '${state}' ORDER BY finished_at DESC LIMIT ${newestReductions})`,
  )
  const [row] = await sql.rows(
    knownVariablesSchema,
    `SELECT newest.script_sha256 AS scriptSha256, script_variables.variables
     FROM (${newest.join(' UNION ALL ')}) AS newest
     JOIN script_variables ON script_variables.script_sha256 = newest.script_sha256
     WHERE script_variables.variables IS NOT NULL ORDER BY newest.id DESC LIMIT 1`,
    [...all.parameters, ...all.parameters],
  )
  return row
}
