import { z } from 'zod'
import type { ListedRun } from '#contracts/api.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Parameter, Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'
import { allOf, experimentsVisibleTo } from './visible-to.ts'

const rowSchema = z.object({ runId: integer, count: integer, newestId: integer })

/**
 * From the runs to their reductions, whichever way the optimiser would begin: a page has few runs, an experiment many batches.
 * `ORDER BY NULL`: MariaDB sorts what it groups unless told that nobody asks for an order.
 */
export const batchesOfRunsStatement = (
  viewer: Viewer,
  runIds: readonly number[],
): { readonly sql: string; readonly parameters: readonly Parameter[] } => {
  const all = allOf(
    { sql: 'reduction_runs.run_id IN (?) AND reductions.is_batch = TRUE', parameters: [runIds] },
    experimentsVisibleTo(viewer, 'reductions'),
  )
  return {
    sql: `SELECT reduction_runs.run_id AS runId, COUNT(*) AS count, MAX(reductions.id) AS newestId
      FROM reduction_runs FORCE INDEX (reductions_of_run) STRAIGHT_JOIN reductions ON reductions.id = reduction_runs.reduction_id
      WHERE ${all.sql} GROUP BY reduction_runs.run_id ORDER BY NULL`,
    parameters: all.parameters,
  }
}

/** How many batches each of these runs was reduced in, and the newest, by the run's id; runs that were in none are not there. */
export const batchesOfRuns = async (
  sql: Sql,
  viewer: Viewer,
  runIds: readonly number[],
): Promise<ReadonlyMap<number, NonNullable<ListedRun['batches']>>> => {
  if (runIds.length === 0) return new Map()
  const statement = batchesOfRunsStatement(viewer, runIds)
  const rows = await sql.rows(rowSchema, statement.sql, statement.parameters)
  return new Map(rows.map(({ runId, ...batches }) => [runId, batches]))
}
