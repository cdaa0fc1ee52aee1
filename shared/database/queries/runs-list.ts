import type { ListedRun } from '#contracts/api.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Sql } from '../connection.ts'
import { batchesOfRuns } from './batches-of-runs.ts'
import { readPage, type ListKey, type ListPage, type ListPlace } from './keyset-page.ts'
import { runColumns, runOf, runRowSchema, withLatest, type RunRow } from './run-columns.ts'
import { planRunsList, type RunFilters, type RunsPlan } from './runs-list-plan.ts'

const keyOf = (plan: RunsPlan, row: RunRow): ListKey => {
  switch (plan.order) {
    case 'newest':
      return [row.runId]
    case 'run-number':
      return [row.runNumber]
    case 'experiment':
      return [row.instrument, row.runNumber]
    case 'run-number-everywhere':
      return [row.runNumber, row.instrument]
  }
}

export const runsSelect = { columns: runColumns, joins: withLatest }

/**
 * The list of runs, newest first: by run number where an instrument or run numbers are asked for, within an experiment by instrument
 * and run number, else as they were first seen. `undefined` where `after` is a place in a list of another order.
 */
export const listRuns = async (
  sql: Sql,
  viewer: Viewer,
  filters: RunFilters,
  page: { readonly limit: number; readonly after?: ListPlace | undefined; readonly rowsLookedAt?: number },
): Promise<ListPage<ListedRun> | undefined> => {
  const plan = planRunsList(filters, viewer)
  const read = { schema: runRowSchema, keyOf: (row: RunRow) => keyOf(plan, row) }
  const found = await readPage(sql, plan, runsSelect, read, page)
  if (!found) return undefined
  const batches = await batchesOfRuns(
    sql,
    viewer,
    found.items.map(({ runId }) => runId),
  )
  return { ...found, items: found.items.map((row) => ({ ...runOf(row), batches: batches.get(row.runId) ?? null })) }
}
