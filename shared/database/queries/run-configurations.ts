import { z } from 'zod'
import { configuredVariablesSchema, type ConfigurationSource, type ConfiguredVariables } from '#contracts/variables.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Sql } from '../connection.ts'
import { integer, isoInstant, jsonText } from './column-parsers.ts'
import { allOf, configurationsVisibleTo } from './visible-to.ts'

const rowSchema = z.object({
  id: integer,
  instrument: z.string(),
  startRun: integer.nullable(),
  rbNumber: integer.nullable(),
  variables: jsonText(configuredVariablesSchema),
  description: z.string().nullable(),
  revision: integer,
  changedBy: z.string(),
  changedAt: isoInstant,
})

/** Variables chosen for the runs to come of an instrument. */
export type RunConfiguration = Omit<z.infer<typeof rowSchema>, 'startRun' | 'rbNumber'> & {
  readonly source: ConfigurationSource
}

const columns = `id, instrument, start_run AS startRun, rb_number AS rbNumber, variables, description, revision,
  changed_by AS changedBy, changed_at AS changedAt`

const configurationOf = ({ startRun, rbNumber, ...rest }: z.infer<typeof rowSchema>): RunConfiguration => ({
  ...rest,
  source: rbNumber === null ? { kind: 'start-run', startRun: startRun ?? 0 } : { kind: 'experiment', rbNumber },
})

const placeOf = (source: ConfigurationSource): readonly [number | null, number | null] =>
  source.kind === 'experiment' ? [null, source.rbNumber] : [source.startRun, null]

/** An instrument keeps at most this many: more would be a mistake of some program. */
export const mostConfigurations = 2_000

/** What is configured for an instrument: from start runs, highest first, then for experiments. */
export const listConfigurations = async (
  sql: Sql,
  viewer: Viewer,
  instrument: string,
): Promise<readonly RunConfiguration[]> => {
  const all = allOf({ sql: 'instrument = ?', parameters: [instrument] }, configurationsVisibleTo(viewer))
  const rows = await sql.rows(
    rowSchema,
    `SELECT ${columns} FROM run_configurations WHERE ${all.sql}
     ORDER BY start_run DESC, rb_number DESC LIMIT ${mostConfigurations}`,
    all.parameters,
  )
  return rows.map(configurationOf)
}

export const findConfiguration = async (
  sql: Sql,
  viewer: Viewer,
  instrument: string,
  id: number,
): Promise<RunConfiguration | undefined> => {
  const all = allOf({ sql: 'instrument = ? AND id = ?', parameters: [instrument, id] }, configurationsVisibleTo(viewer))
  const [row] = await sql.rows(rowSchema, `SELECT ${columns} FROM run_configurations WHERE ${all.sql}`, all.parameters)
  return row && configurationOf(row)
}

/** What of it may concern these runs: the experiments' own, and the start runs from the last one before the lowest run on. */
export const configurationsForRuns = async (
  sql: Sql,
  instrument: string,
  runs: readonly { readonly runNumber: number; readonly rbNumber: number }[],
): Promise<readonly RunConfiguration[]> => {
  if (runs.length === 0) return []
  const numbers = runs.map(({ runNumber }) => runNumber)
  const lowest = numbers.reduce((least, number) => Math.min(least, number))
  const highest = numbers.reduce((most, number) => Math.max(most, number))
  const rows = await sql.rows(
    rowSchema,
    `SELECT ${columns} FROM run_configurations WHERE instrument = ? AND rb_number IN (?)
     UNION ALL
     SELECT ${columns} FROM run_configurations WHERE instrument = ? AND start_run <= ? AND start_run >=
       COALESCE((SELECT MAX(start_run) FROM run_configurations WHERE instrument = ? AND start_run <= ?), 0)`,
    [instrument, [...new Set(runs.map(({ rbNumber }) => rbNumber))], instrument, highest, instrument, lowest],
  )
  return rows.map(configurationOf)
}

type Written = {
  readonly source: ConfigurationSource
  readonly variables: ConfiguredVariables
  readonly description: string | null
  readonly changedBy: string
}

/** @throws {DatabaseFault} `ER_DUP_ENTRY` where there is one for this start run or experiment already */
export const addConfiguration = async (sql: Sql, instrument: string, written: Written): Promise<number> => {
  const { insertedId } = await sql.change(
    `INSERT INTO run_configurations (instrument, start_run, rb_number, variables, description, changed_by, changed_at)
     VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(6))`,
    [instrument, ...placeOf(written.source), JSON.stringify(written.variables), written.description, written.changedBy],
  )
  return insertedId
}

/**
 * Replaces the one that was seen as `revision`; false where somebody was quicker.
 * @throws {DatabaseFault} `ER_DUP_ENTRY` where it was moved onto another one
 */
export const replaceConfiguration = async (
  sql: Sql,
  id: number,
  revision: number,
  written: Written,
): Promise<boolean> => {
  const { changed } = await sql.change(
    `UPDATE run_configurations SET start_run = ?, rb_number = ?, variables = ?, description = ?, changed_by = ?,
       changed_at = UTC_TIMESTAMP(6), revision = revision + 1
     WHERE id = ? AND revision = ?`,
    [
      ...placeOf(written.source),
      JSON.stringify(written.variables),
      written.description,
      written.changedBy,
      id,
      revision,
    ],
  )
  return changed > 0
}

export const deleteConfiguration = async (sql: Sql, id: number): Promise<void> => {
  await sql.change('DELETE FROM run_configurations WHERE id = ?', [id])
}
