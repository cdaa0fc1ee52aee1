import { z } from 'zod'
import type { Run } from '#contracts/api.ts'
import type { Pause } from '#contracts/decisions.ts'
import { givenArgumentsSchema, leftOutVariablesSchema, variablesSchema } from '#contracts/variables.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { placeInLine } from '#domain/place-in-line.ts'
import { reductionClasses } from '#domain/reduction-classes.ts'
import { reductionStates } from '#domain/reduction-states.ts'
import { describeRuns } from '#domain/run-ranges.ts'
import type { Sql } from '../connection.ts'
import { flag, integer, isoInstant, jsonText } from './column-parsers.ts'
import { instrumentPauseColumns, instrumentPauseOf, mayMove } from './pauses.ts'
import { runColumns, runOf, runRowSchema, withLatest } from './run-columns.ts'
import { allOf, experimentsVisibleTo } from './visible-to.ts'

const detailSchema = z.object({
  id: integer,
  instrument: z.string(),
  target: z.string(),
  version: integer,
  state: z.enum(reductionStates),
  reason: z.string().nullable(),
  class: z.enum(reductionClasses),
  rbNumber: integer.nullable(),
  startedBy: z.string(),
  description: z.string().nullable(),
  softwareName: z.string().nullable(),
  softwareVersion: z.string().nullable(),
  scriptSha256: z.string().nullable(),
  /** What the script really got; null before it has started, and where it cannot be read: the rest is worth showing all the same. */
  recorded: jsonText(variablesSchema).nullable().catch(null),
  /** What the submission gave. */
  given: jsonText(givenArgumentsSchema).nullable().catch(null),
  leftOut: jsonText(leftOutVariablesSchema).nullable().catch(null),
  submittedAt: isoInstant,
  startedAt: isoInstant.nullable(),
  finishedAt: isoInstant.nullable(),
  scriptSeconds: z.number().nullable(),
  resultsPath: z.string().nullable(),
  cancelRequestedBy: z.string().nullable(),
  cancelRequestedAt: isoInstant.nullable(),
  submission: z.string().nullable(),
  isBatch: flag,
  reproducesId: integer.nullable(),
  isPaused: flag.nullable(),
  pausedReason: z.string().nullable(),
  pausedBy: z.string().nullable(),
  pausedAt: isoInstant.nullable(),
})
export type ReductionDetail = z.infer<typeof detailSchema>

/** One reduction as the database knows it; undefined where there is none that the viewer may see. */
export const findReduction = async (sql: Sql, viewer: Viewer, id: number): Promise<ReductionDetail | undefined> => {
  const all = allOf({ sql: 'reductions.id = ?', parameters: [id] }, experimentsVisibleTo(viewer, 'reductions'))
  const [row] = await sql.rows(
    detailSchema,
    `SELECT reductions.id, reductions.instrument, target, version, state, reason, class, rb_number AS rbNumber,
       started_by AS startedBy, description, reductions.software_name AS softwareName,
       reductions.software_version AS softwareVersion, script_sha256 AS scriptSha256, recorded.arguments AS recorded,
       given.arguments AS given, variables_left_out AS leftOut, submitted_at AS submittedAt, started_at AS startedAt,
       finished_at AS finishedAt, script_seconds AS scriptSeconds, results_path AS resultsPath,
       cancel_requested_by AS cancelRequestedBy, cancel_requested_at AS cancelRequestedAt, submission,
       is_batch AS isBatch, reproduces_id AS reproducesId,
       ${instrumentPauseColumns}
     FROM reductions
     LEFT JOIN instruments ON instruments.name = reductions.instrument
     LEFT JOIN argument_sets AS recorded ON recorded.sha256 = reductions.arguments_sha256
     LEFT JOIN argument_sets AS given ON given.sha256 = reductions.given_arguments_sha256
     WHERE ${all.sql}`,
    all.parameters,
  )
  return row
}

/** What the pause of its own instrument says; null where that is not paused. */
export const pauseOf = ({ isPaused, pausedReason, pausedBy, pausedAt }: ReductionDetail): Pause | null =>
  instrumentPauseOf({ isPaused: isPaused ?? false, pausedReason, pausedBy, pausedAt })

const versionOfSchema = z.object({ reductionId: integer, version: integer })

/** The version under which an earlier reduction is known. */
export const versionOf = async (
  sql: Sql,
  id: number,
): Promise<{ readonly reductionId: number; readonly version: number } | null> => {
  const [row] = await sql.rows(versionOfSchema, 'SELECT id AS reductionId, version FROM reductions WHERE id = ?', [id])
  return row ?? null
}

/** A batch names at most this many of its runs. */
const mostRuns = 1_000
const mostVersions = 500

const runWithPathSchema = runRowSchema.extend({ filePath: z.string().nullable() })

/** The runs that were reduced, with the paths of their raw files. */
export const runsOfReduction = async (
  sql: Sql,
  id: number,
): Promise<{ readonly runs: readonly Run[]; readonly filePaths: readonly string[] }> => {
  const rows = await sql.rows(
    runWithPathSchema,
    `SELECT ${runColumns}, runs.file_path AS filePath
     FROM reduction_runs JOIN runs ON runs.id = reduction_runs.run_id ${withLatest}
     WHERE reduction_runs.reduction_id = ? ORDER BY runs.run_number LIMIT ${mostRuns}`,
    [id],
  )
  return {
    runs: rows.map(runOf),
    filePaths: rows.flatMap(({ filePath }) => (filePath === null ? [] : [filePath])),
  }
}

const versionSchema = z.object({
  id: integer,
  version: integer,
  state: z.enum(reductionStates),
  submittedAt: isoInstant,
})
export type Version = z.infer<typeof versionSchema> & { readonly runs: string | null }

/** All versions of what was reduced, newest first; those of batches say which runs, since others may begin and end alike. */
export const versionsOfTarget = async (
  sql: Sql,
  viewer: Viewer,
  of: { readonly instrument: string; readonly target: string; readonly isBatch: boolean },
): Promise<readonly Version[]> => {
  const all = allOf(
    { sql: 'reductions.instrument = ? AND target = ?', parameters: [of.instrument, of.target] },
    experimentsVisibleTo(viewer, 'reductions'),
  )
  const versions = await sql.rows(
    versionSchema,
    `SELECT id, version, state, submitted_at AS submittedAt FROM reductions
     WHERE ${all.sql} ORDER BY version DESC LIMIT ${mostVersions}`,
    all.parameters,
  )
  const runs = of.isBatch
    ? await runsOfBatches(
        sql,
        versions.map(({ id }) => id),
      )
    : undefined
  return versions.map((version) => ({ ...version, runs: runs?.get(version.id) ?? null }))
}

const runOfSchema = z.object({ id: integer, runNumber: integer })

/** The runs of batches in words, such as `1-3, 5`, by the batch's number. */
export const runsOfBatches = async (sql: Sql, ids: readonly number[]): Promise<ReadonlyMap<number, string>> => {
  if (ids.length === 0) return new Map()
  const rows = await sql.rows(
    runOfSchema,
    `SELECT reduction_id AS id, run_number AS runNumber
     FROM reduction_runs JOIN runs ON runs.id = reduction_runs.run_id WHERE reduction_id IN (?)`,
    [ids],
  )
  const runs = new Map<number, number[]>()
  for (const { id, runNumber } of rows) {
    const known = runs.get(id)
    if (known) known.push(runNumber)
    else runs.set(id, [runNumber])
  }
  return new Map([...runs].map(([id, numbers]) => [id, describeRuns(numbers)]))
}

const neighbourSchema = z.object({ runNumber: integer, reductionId: integer })
export type Neighbour = z.infer<typeof neighbourSchema>

/** The nearest run of the instrument before or after that has a reduction, with its newest one. */
export const neighbourRun = async (
  sql: Sql,
  viewer: Viewer,
  of: { readonly instrument: string; readonly runNumber: number },
  direction: 'before' | 'after',
): Promise<Neighbour | null> => {
  const [operator, order] = direction === 'before' ? ['<', 'DESC'] : ['>', 'ASC']
  const all = allOf(
    {
      sql: `runs.instrument = ? AND runs.run_number ${operator} ? AND runs.latest_reduction_id IS NOT NULL`,
      parameters: [of.instrument, of.runNumber],
    },
    experimentsVisibleTo(viewer, 'runs'),
  )
  const [row] = await sql.rows(
    neighbourSchema,
    `SELECT run_number AS runNumber, latest_reduction_id AS reductionId FROM runs
     WHERE ${all.sql} ORDER BY run_number ${order} LIMIT 1`,
    all.parameters,
  )
  return row ?? null
}

const lineCountSchema = z.object({
  instrument: z.string(),
  class: z.enum(reductionClasses),
  queued: integer,
  earlier: integer,
})

/**
 * Where a queued reduction stands in line, an estimate; null where it is not in line. Counts all reductions, also those the viewer may
 * not see: it is a number and says nothing of them.
 */
export const placeOf = async (
  sql: Sql,
  reduction: Pick<ReductionDetail, 'id' | 'state' | 'instrument' | 'class'>,
  isHeld: boolean,
): Promise<number | null> => {
  if (reduction.state !== 'Queued' || isHeld) return null
  const line = await sql.rows(
    lineCountSchema,
    `SELECT other.instrument, other.class, COUNT(*) AS queued,
       SUM(other.queued_at < mine.queued_at OR (other.queued_at = mine.queued_at AND other.id < mine.id)) AS earlier
     FROM reductions AS mine
     JOIN reductions AS other ON other.state = 'Queued'
     JOIN instruments ON instruments.name = other.instrument AND ${mayMove}
     WHERE mine.id = ? GROUP BY other.class, other.instrument`,
    [reduction.id],
  )
  return placeInLine(reduction, line)
}
