import type { Viewer } from '#contracts/viewer.ts'
import type { Parameter } from '../connection.ts'

/** A part of a WHERE clause with its parameters. */
export type Condition = { readonly sql: string; readonly parameters: readonly Parameter[] }

const always: Condition = { sql: 'TRUE', parameters: [] }
const never: Condition = { sql: 'FALSE', parameters: [] }

const isOneOf = (column: string, values: readonly (string | number)[]): Condition =>
  values.length === 0 ? never : { sql: `${column} IN (?)`, parameters: [values] }

/**
 * What a viewer may see, as a condition for the query itself: administrators all; instrument scientists what belongs to their
 * instruments; users what belongs to their experiments. For tables that name instrument and RB number (`runs`, `reductions`).
 */
export const experimentsVisibleTo = (viewer: Viewer, table: 'runs' | 'reductions'): Condition => {
  switch (viewer.role) {
    case 'administrator':
      return always
    case 'instrument-scientist':
      return isOneOf(`${table}.instrument`, viewer.instruments)
    case 'user':
      return isOneOf(`${table}.rb_number`, viewer.rbNumbers)
  }
}

/** Instruments themselves: users see those where their experiments were measured. */
export const instrumentsVisibleTo = (viewer: Viewer): Condition => {
  switch (viewer.role) {
    case 'administrator':
      return always
    case 'instrument-scientist':
      return isOneOf('instruments.name', viewer.instruments)
    case 'user': {
      if (viewer.rbNumbers.length === 0) return never
      return {
        sql: 'instruments.name IN (SELECT DISTINCT runs.instrument FROM runs WHERE runs.rb_number IN (?))',
        parameters: [viewer.rbNumbers],
      }
    }
  }
}

/** What concerns the running of an instrument and no experiment yet (detections, notices) is for those who run it. */
export const operationsVisibleTo = (viewer: Viewer, table: 'detections' | 'notices' | 'instruments'): Condition => {
  switch (viewer.role) {
    case 'administrator':
      return always
    case 'instrument-scientist':
      return isOneOf(table === 'instruments' ? 'instruments.name' : `${table}.instrument`, viewer.instruments)
    case 'user':
      return never
  }
}

/** Configured variables: users see those of their experiments, who runs the instrument sees all. */
export const configurationsVisibleTo = (viewer: Viewer): Condition =>
  viewer.role === 'user'
    ? isOneOf('run_configurations.rb_number', viewer.rbNumbers)
    : viewer.role === 'administrator'
      ? always
      : isOneOf('run_configurations.instrument', viewer.instruments)

export const allOf = (...conditions: readonly Condition[]): Condition => ({
  sql: conditions.length === 0 ? 'TRUE' : conditions.map(({ sql }) => `(${sql})`).join(' AND '),
  parameters: conditions.flatMap(({ parameters }) => parameters),
})
