import { z } from 'zod'
import { detectionStates } from '#domain/detection-states.ts'
import type { Software } from '#contracts/submission.ts'
import type { Sql } from '../connection.ts'
import { flag, instant, integer, jsonText } from './column-parsers.ts'
import { processorSilenceSeconds } from './processors.ts'

const instrumentSchema = z.object({
  name: z.string(),
  isActive: flag,
  isFlat: flag,
  prefixes: jsonText(z.array(z.string())).nullable(),
  waitHours: integer,
  softwareName: z.string().nullable(),
  softwareVersion: z.string().nullable(),
  /** The run the archive's counter showed last; null before the first sight. */
  lastRun: integer.nullable(),
})
export type SubmittingInstrument = z.infer<typeof instrumentSchema>

export const instrumentForSubmission = async (sql: Sql, name: string): Promise<SubmittingInstrument | undefined> => {
  const [row] = await sql.rows(
    instrumentSchema,
    `SELECT name, is_active AS isActive, is_flat AS isFlat, prefixes, wait_hours AS waitHours, software_name AS softwareName,
       software_version AS softwareVersion, last_run AS lastRun
     FROM instruments LEFT JOIN detection_cursors ON detection_cursors.instrument = instruments.name WHERE name = ?`,
    [name],
  )
  return row
}

const nameSchema = z.object({ name: z.string() })

export const instrumentNames = async (sql: Sql): Promise<readonly string[]> =>
  (await sql.rows(nameSchema, 'SELECT name FROM instruments ORDER BY name')).map(({ name }) => name)

const knownRunSchema = z.object({
  runNumber: integer,
  rbNumber: integer.nullable(),
  rbText: z.string().nullable(),
  filePath: z.string().nullable(),
  latestReductionId: integer.nullable(),
  latestVersion: integer.nullable(),
})
export type KnownRun = z.infer<typeof knownRunSchema>

/** What the database knows of these runs already. */
export const knownRuns = async (
  sql: Sql,
  instrument: string,
  runNumbers: readonly number[],
): Promise<ReadonlyMap<number, KnownRun>> => {
  const rows = await sql.rows(
    knownRunSchema,
    `SELECT run_number AS runNumber, runs.rb_number AS rbNumber, rb_text AS rbText, file_path AS filePath,
       latest_reduction_id AS latestReductionId, version AS latestVersion
     FROM runs LEFT JOIN reductions ON reductions.id = runs.latest_reduction_id
     WHERE runs.instrument = ? AND run_number IN (?)`,
    [instrument, runNumbers],
  )
  return new Map(rows.map((row) => [row.runNumber, row]))
}

const knownDetectionSchema = z.object({
  runNumber: integer,
  state: z.enum(detectionStates),
  waitedSeconds: integer,
  isPastDeadline: flag,
  fileSizeBytes: integer.nullable(),
  fileModifiedAt: instant.nullable(),
  /** Seconds since the unusable file was last seen to change. */
  unchangedSeconds: integer.nullable(),
})
export type KnownDetection = z.infer<typeof knownDetectionSchema>

export const knownDetections = async (
  sql: Sql,
  instrument: string,
  runNumbers: readonly number[],
): Promise<ReadonlyMap<number, KnownDetection>> => {
  const rows = await sql.rows(
    knownDetectionSchema,
    `SELECT run_number AS runNumber, state, TIMESTAMPDIFF(SECOND, detected_at, UTC_TIMESTAMP(6)) AS waitedSeconds,
       deadline_at < UTC_TIMESTAMP(6) AS isPastDeadline, file_size_bytes AS fileSizeBytes,
       file_modified_at AS fileModifiedAt,
       TIMESTAMPDIFF(SECOND, file_unchanged_since, UTC_TIMESTAMP(6)) AS unchangedSeconds
     FROM detections WHERE instrument = ? AND run_number IN (?)`,
    [instrument, runNumbers],
  )
  return new Map(rows.map((row) => [row.runNumber, row]))
}

const offersSchema = z.object({
  environments: jsonText(z.array(z.object({ name: z.string(), version: z.string() }))),
})

/** The software that living processors offer; empty where none is alive. */
export const offeredSoftware = async (sql: Sql): Promise<readonly Software[]> => {
  const rows = await sql.rows(
    offersSchema,
    'SELECT environments FROM processors WHERE seen_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND',
    [processorSilenceSeconds],
  )
  const all = new Map(rows.flatMap(({ environments }) => environments.map((of) => [`${of.name} ${of.version}`, of])))
  return [...all.values()]
}
