import type { Viewer } from '#contracts/viewer.ts'
import type { ReductionState } from '#domain/reduction-states.ts'
import type { ListPlan } from './keyset-page.ts'
import { allOf, experimentsVisibleTo, type Condition } from './visible-to.ts'

export type RunFilters = {
  readonly instrument?: string
  /** Ranges of run numbers, first and last included. */
  readonly runRanges?: readonly (readonly [first: number, last: number])[]
  readonly rbNumber?: number
  /** States of the newest reduction. */
  readonly states?: readonly ReductionState[]
  readonly titleContains?: string
}

export type RunsPlan = ListPlan & {
  readonly order: 'newest' | 'run-number' | 'experiment' | 'run-number-everywhere'
}

const equal = (column: string, value: string | number): Condition => ({ sql: `${column} = ?`, parameters: [value] })

const inRanges = (ranges: RunFilters['runRanges']): readonly Condition[] =>
  ranges ? [{ sql: ranges.map(() => 'runs.run_number BETWEEN ? AND ?').join(' OR '), parameters: ranges.flat() }] : []

const containing = (text: string): Condition => ({
  sql: `runs.title LIKE ? ESCAPE '|'`,
  parameters: [`%${text.replace(/[|%_]/g, '|$&')}%`],
})

const inStates = (states: readonly ReductionState[]): Condition => ({
  sql: 'runs.latest_state IN (?)',
  parameters: [states],
})

/**
 * Chooses the index by the filters: the experiment's, the instrument's, the run numbers' or simply the newest. States are answered by
 * an index of their own unless something else must look at the rows anyway.
 */
export const planRunsList = (filters: RunFilters, viewer: Viewer): RunsPlan => {
  const { instrument, states, titleContains } = filters
  const ranges = inRanges(filters.runRanges)
  const title = titleContains === undefined ? [] : [containing(titleContains)]
  const residualOf = (...conditions: readonly Condition[]) =>
    conditions.length === 0 ? undefined : allOf(...conditions)
  const visible = experimentsVisibleTo(viewer, 'runs')
  const stateCondition = states ? [inStates(states)] : []

  if (filters.rbNumber !== undefined || viewer.role === 'user') {
    const experiment = filters.rbNumber === undefined ? [] : [equal('runs.rb_number', filters.rbNumber)]
    const place = instrument === undefined ? [] : [equal('runs.instrument', instrument)]
    return {
      table: 'runs',
      order: 'experiment',
      index: 'runs_by_rb',
      keys: ['instrument', 'run_number'],
      branches: [allOf(...experiment, visible, ...place, ...ranges)],
      residual: residualOf(...stateCondition, ...title),
    }
  }
  if (instrument !== undefined) {
    const place = [equal('runs.instrument', instrument), visible, ...ranges]
    const order = { table: 'runs', order: 'run-number', keys: ['run_number'] } as const
    // Merged branches cannot be cut at one place, so several states beside a title are looked at row by row.
    if (states && (states.length === 1 || title.length === 0)) {
      const branches = states.map((state) => allOf(...place, equal('runs.latest_state', state)))
      return { ...order, index: 'instrument_runs_by_state', branches, residual: residualOf(...title) }
    }
    return {
      ...order,
      index: 'run_of_instrument',
      branches: [allOf(...place)],
      residual: residualOf(...stateCondition, ...title),
    }
  }
  const scientist = viewer.role === 'instrument-scientist' ? [visible] : []
  if (ranges.length > 0) {
    return {
      table: 'runs',
      order: 'run-number-everywhere',
      index: 'runs_by_number',
      keys: ['run_number', 'instrument'],
      branches: [allOf(...ranges, ...scientist)],
      residual: residualOf(...stateCondition, ...title),
    }
  }
  const newest = { table: 'runs', order: 'newest', keys: ['id'] } as const
  const residual = residualOf(...scientist, ...title)
  if (states && (states.length === 1 || residual === undefined)) {
    const branches = states.map((state) => equal('runs.latest_state', state))
    return { ...newest, index: 'runs_by_state', branches, residual }
  }
  return {
    ...newest,
    index: 'PRIMARY',
    branches: [allOf()],
    residual: residualOf(...scientist, ...stateCondition, ...title),
  }
}
