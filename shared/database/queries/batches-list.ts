import { z } from 'zod'
import type { Batch } from '#contracts/api.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { reductionStates } from '#domain/reduction-states.ts'
import type { Sql } from '../connection.ts'
import { integer, isoInstant } from './column-parsers.ts'
import { readPage, type ListPage, type ListPlace, type ListPlan } from './keyset-page.ts'
import { runsOfBatches } from './reduction-detail.ts'
import { allOf, experimentsVisibleTo, type Condition } from './visible-to.ts'

const rowSchema = z.object({
  id: integer,
  instrument: z.string(),
  rbNumber: integer.nullable(),
  version: integer,
  state: z.enum(reductionStates),
  reason: z.string().nullable(),
  startedBy: z.string(),
  description: z.string().nullable(),
  submittedAt: isoInstant,
  startedAt: isoInstant.nullable(),
  finishedAt: isoInstant.nullable(),
  durationSeconds: z.number().nullable(),
})

export const batchesSelect = {
  columns: `reductions.id, reductions.instrument, reductions.rb_number AS rbNumber, reductions.version, reductions.state,
    reductions.reason, reductions.started_by AS startedBy, reductions.description, reductions.submitted_at AS submittedAt,
    reductions.started_at AS startedAt, reductions.finished_at AS finishedAt, reductions.script_seconds AS durationSeconds`,
  joins: '',
}

export type BatchFilters = { readonly instrument?: string | undefined; readonly rbNumber?: number | undefined }

const isBatch: Condition = { sql: 'reductions.is_batch = TRUE', parameters: [] }
const equal = (column: string, value: string | number): Condition => ({
  sql: `reductions.${column} = ?`,
  parameters: [value],
})

/** The newest first, along the index of what is asked for; a viewer who may see several experiments or instruments reads one branch each. */
export const planBatchesList = ({ instrument, rbNumber }: BatchFilters, viewer: Viewer): ListPlan => {
  const order = { table: 'reductions', order: 'newest', keys: ['id'] } as const
  const visible = experimentsVisibleTo(viewer, 'reductions')
  const own = instrument === undefined ? [] : [equal('instrument', instrument)]
  const rbNumbers = rbNumber !== undefined ? [rbNumber] : viewer.role === 'user' ? viewer.rbNumbers : undefined
  if (rbNumbers) {
    return {
      ...order,
      index: 'experiment_batches',
      branches:
        rbNumbers.length === 0
          ? [{ sql: 'FALSE', parameters: [] }]
          : rbNumbers.map((one) => allOf(equal('rb_number', one), isBatch)),
      residual: allOf(visible, ...own),
    }
  }
  const instruments =
    instrument !== undefined ? [instrument] : viewer.role === 'instrument-scientist' ? viewer.instruments : undefined
  if (instruments) {
    return {
      ...order,
      index: 'instrument_batches',
      branches:
        instruments.length === 0
          ? [{ sql: 'FALSE', parameters: [] }]
          : instruments.map((one) => allOf(equal('instrument', one), isBatch, visible)),
      residual: undefined,
    }
  }
  return { ...order, index: 'batches', branches: [isBatch], residual: undefined }
}

/** Batches, newest first. `undefined` where `after` is a place in a list of another order. */
export const listBatches = async (
  sql: Sql,
  viewer: Viewer,
  filters: BatchFilters,
  page: { readonly limit: number; readonly after?: ListPlace | undefined },
): Promise<ListPage<Batch> | undefined> => {
  const plan = planBatchesList(filters, viewer)
  const found = await readPage(sql, plan, batchesSelect, { schema: rowSchema, keyOf: ({ id }) => [id] }, page)
  if (!found) return undefined
  const runs = await runsOfBatches(
    sql,
    found.items.map(({ id }) => id),
  )
  return { items: found.items.map((row) => ({ ...row, runs: runs.get(row.id) ?? '' })), next: found.next }
}

/** The batches that a run was reduced in, newest first. */
export const batchesOfRun = async (
  sql: Sql,
  viewer: Viewer,
  of: { readonly instrument: string; readonly runNumber: number },
): Promise<readonly Pick<Batch, 'id' | 'version' | 'state' | 'runs'>[]> => {
  const all = allOf(
    {
      sql: 'runs.instrument = ? AND runs.run_number = ? AND reductions.is_batch = TRUE',
      parameters: [of.instrument, of.runNumber],
    },
    experimentsVisibleTo(viewer, 'reductions'),
  )
  const rows = await sql.rows(
    rowSchema.pick({ id: true, version: true, state: true }),
    `SELECT reductions.id, reductions.version, reductions.state
     FROM runs JOIN reduction_runs ON reduction_runs.run_id = runs.id JOIN reductions ON reductions.id = reduction_id
     WHERE ${all.sql} ORDER BY reductions.id DESC LIMIT ${mostBatchesOfRun}`,
    all.parameters,
  )
  const runs = await runsOfBatches(
    sql,
    rows.map(({ id }) => id),
  )
  return rows.map((row) => ({ ...row, runs: runs.get(row.id) ?? '' }))
}

const mostBatchesOfRun = 50
