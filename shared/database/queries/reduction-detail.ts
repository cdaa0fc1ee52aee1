import { z } from 'zod'
import type { Run } from '#contracts/api.ts'
import { givenArgumentsSchema, leftOutVariablesSchema, variablesSchema } from '#contracts/variables.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { placeInLine } from '#domain/place-in-line.ts'
import { reductionClasses } from '#domain/reduction-classes.ts'
import { reductionStates } from '#domain/reduction-states.ts'
import type { Sql } from '../connection.ts'
import { flag, integer, isoInstant, jsonText } from './column-parsers.ts'
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
  isPaused: flag,
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
       given.arguments AS given, variables_left_out AS leftOut, submitted_at AS submittedAt, started_at AS startedAt, finished_at AS finishedAt,
       script_seconds AS scriptSeconds, results_path AS resultsPath, COALESCE(is_paused, FALSE) AS isPaused
     FROM reductions
     LEFT JOIN instruments ON instruments.name = reductions.instrument
     LEFT JOIN argument_sets AS recorded ON recorded.sha256 = reductions.arguments_sha256
     LEFT JOIN argument_sets AS given ON given.sha256 = reductions.given_arguments_sha256
     WHERE ${all.sql}`,
    all.parameters,
  )
  return row
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

/** All versions of what was reduced, newest first. */
export const versionsOfTarget = (
  sql: Sql,
  viewer: Viewer,
  of: { readonly instrument: string; readonly target: string },
): Promise<z.infer<typeof versionSchema>[]> => {
  const all = allOf(
    { sql: 'reductions.instrument = ? AND target = ?', parameters: [of.instrument, of.target] },
    experimentsVisibleTo(viewer, 'reductions'),
  )
  return sql.rows(
    versionSchema,
    `SELECT id, version, state, submitted_at AS submittedAt FROM reductions
     WHERE ${all.sql} ORDER BY version DESC LIMIT ${mostVersions}`,
    all.parameters,
  )
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
  reduction: Pick<ReductionDetail, 'id' | 'state' | 'isPaused' | 'instrument' | 'class'>,
): Promise<number | null> => {
  if (reduction.state !== 'Queued' || reduction.isPaused) return null
  const line = await sql.rows(
    lineCountSchema,
    `SELECT other.instrument, other.class, COUNT(*) AS queued,
       SUM(other.queued_at < mine.queued_at OR (other.queued_at = mine.queued_at AND other.id < mine.id)) AS earlier
     FROM reductions AS mine
     JOIN reductions AS other ON other.state = 'Queued'
     JOIN instruments ON instruments.name = other.instrument AND instruments.is_paused = FALSE
     WHERE mine.id = ? GROUP BY other.class, other.instrument`,
    [reduction.id],
  )
  return placeInLine(reduction, line)
}
