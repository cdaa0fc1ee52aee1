import { z } from 'zod'
import type { Detection } from '#contracts/api.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { detectionStates, type DetectionState } from '#domain/detection-states.ts'
import type { Sql } from '../connection.ts'
import { integer, isoInstant } from './column-parsers.ts'
import { readPage, type ListPage, type ListPlace, type ListPlan } from './keyset-page.ts'
import { allOf, operationsVisibleTo, type Condition } from './visible-to.ts'

const detectionSchema = z.object({
  id: integer,
  instrument: z.string(),
  runNumber: integer,
  state: z.enum(detectionStates),
  reason: z.string().nullable(),
  detectedAt: isoInstant,
  nextTryAt: isoInstant.nullable(),
  deadlineAt: isoInstant,
  tries: integer,
})

export const detectionsSelect = {
  columns: `detections.id, detections.instrument, detections.run_number AS runNumber, detections.state, detections.reason,
    detections.detected_at AS detectedAt, detections.next_try_at AS nextTryAt, detections.deadline_at AS deadlineAt,
    detections.tries`,
  joins: '',
}

export type DetectionFilters = {
  readonly instrument?: string | undefined
  readonly states?: readonly DetectionState[] | undefined
}

export type DetectionsPlan = ListPlan & { readonly order: 'newest' | 'run-number' }

const equal = (column: string, value: string): Condition => ({ sql: `detections.${column} = ?`, parameters: [value] })

/** Of one instrument by run number, else the newest first; each state has its index. */
export const planDetectionsList = ({ instrument, states }: DetectionFilters, viewer: Viewer): DetectionsPlan => {
  const visible = operationsVisibleTo(viewer, 'detections')
  const table = 'detections' as const
  if (instrument !== undefined) {
    const place = allOf(equal('instrument', instrument), visible)
    return {
      table,
      order: 'run-number',
      keys: ['run_number'],
      index: states ? 'instrument_detections_by_state' : 'detection_of_run',
      branches: states ? states.map((state) => allOf(place, equal('state', state))) : [place],
      residual: undefined,
    }
  }
  const order = { table, order: 'newest', keys: ['id'] } as const
  if (viewer.role === 'administrator') {
    return {
      ...order,
      index: states ? 'detections_by_state' : 'PRIMARY',
      branches: states ? states.map((state) => equal('state', state)) : [allOf()],
      residual: undefined,
    }
  }
  if (states?.length === 1 && states[0]) {
    return { ...order, index: 'detections_by_state', branches: [equal('state', states[0])], residual: visible }
  }
  const stateCondition = states ? [{ sql: 'detections.state IN (?)', parameters: [states] }] : []
  return { ...order, index: 'PRIMARY', branches: [allOf()], residual: allOf(visible, ...stateCondition) }
}

/** Runs that the archive announced and what became of them. `undefined` where `after` is a place in a list of another order. */
export const listDetections = (
  sql: Sql,
  viewer: Viewer,
  filters: DetectionFilters,
  page: { readonly limit: number; readonly after?: ListPlace | undefined },
): Promise<ListPage<Detection> | undefined> => {
  const plan = planDetectionsList(filters, viewer)
  const keyOf = ({ id, runNumber }: Detection): readonly number[] => (plan.order === 'newest' ? [id] : [runNumber])
  return readPage(sql, plan, detectionsSelect, { schema: detectionSchema, keyOf }, page)
}

export const findDetection = async (sql: Sql, viewer: Viewer, id: number): Promise<Detection | undefined> => {
  const all = allOf(operationsVisibleTo(viewer, 'detections'), { sql: 'detections.id = ?', parameters: [id] })
  const [row] = await sql.rows(
    detectionSchema,
    `SELECT ${detectionsSelect.columns} FROM detections WHERE ${all.sql}`,
    all.parameters,
  )
  return row
}
