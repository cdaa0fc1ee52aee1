import { z } from 'zod'
import type { ScriptFiles } from '#contracts/script.ts'
import type { Reproduces } from '#contracts/reproduces.ts'
import type { Software } from '#contracts/submission.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import type { ReductionClass } from '#domain/reduction-classes.ts'
import type { Sql } from '../connection.ts'
import { storeArgumentSets } from './argument-sets.ts'
import { integer } from './column-parsers.ts'
import { storeScript } from './scripts.ts'

/** What a raw file says of its run; times UTC, charge in µA·h. */
export type RecordedMetadata = {
  readonly title: string | null
  readonly rbNumber: number | null
  readonly rbText: string | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly durationSeconds: number | null
  readonly goodFrames: number | null
  readonly rawFrames: number | null
  readonly protonCharge: number | null
  readonly userNames: string | null
  readonly definition: string | null
  readonly filePath: string
  readonly fileSizeBytes: number
  readonly fileModifiedAt: Date
}

export type RunToRecord = {
  readonly runNumber: number
  /** What was read just now; undefined where the database's own knowledge is good enough, or nothing could be read. */
  readonly metadata: RecordedMetadata | undefined
  readonly rbNumber: number | null
  /** Highest run-version-N found on disk, -1 for none; undefined where it was not looked for. */
  readonly versionsOnDisk: number | undefined
  /** Where this run gets others than the rest: what was configured for it counts. */
  readonly given?: GivenArguments
  readonly start: { readonly state: 'Queued' } | { readonly state: 'Skipped'; readonly reason: string }
}

export type ReductionToRecord = {
  readonly instrument: string
  readonly class: ReductionClass
  readonly startedBy: string
  readonly description: string | null
  readonly software: Software | null
  /** Files of a script to keep, or the hash of one that is kept already; null where there is none to run. */
  readonly script: { readonly files: ScriptFiles } | { readonly sha256: string } | null
  readonly given: GivenArguments
  /** Names all reductions of one request. */
  readonly submission?: string | null
  /** The earlier reduction that this one repeats exactly. */
  readonly reproduces?: Reproduces | null
}

export type RecordedReduction = { readonly runNumber: number; readonly reductionId: number; readonly version: number }

const nameSchema = z.object({ name: z.string() })

/** One submission to an instrument at a time: versions are counted under this lock. False where there is no such instrument. */
export const lockInstrument = async (sql: Sql, instrument: string): Promise<boolean> => {
  const found = await sql.rows(nameSchema, 'SELECT name FROM instruments WHERE name = ? FOR UPDATE', [instrument])
  return found.length > 0
}

const recordedSchema = z.object({
  reductionId: integer,
  runNumber: z.coerce.number(),
  version: integer,
})

/**
 * Writes runs, experiments, script, arguments and reductions with their versions: a handful of statements however many runs.
 * Call it inside a transaction that holds {@link lockInstrument}.
 */
export const recordReductions = async (
  sql: Sql,
  reduction: ReductionToRecord,
  runs: readonly RunToRecord[],
): Promise<readonly RecordedReduction[]> => {
  if (runs.length === 0) return []
  const { instrument } = reduction
  await recordRuns(sql, instrument, runs)
  const givenOf = (run: RunToRecord): GivenArguments => run.given ?? reduction.given
  const { scriptSha256, givenSha256 } = await storeWhatRuns(sql, reduction.script, runs.map(givenOf))
  const next = await nextVersions(sql, instrument, runs)
  const versionOf = ({ runNumber }: RunToRecord): number => next.get(runNumber)?.version ?? 0

  await sql.change(
    `INSERT INTO reductions (instrument, target, version, state, reason, class, rb_number, started_by, description,
       software_name, software_version, script_sha256, given_arguments_sha256, submission, reproduces_id, reproduction)
     VALUES ?`,
    [
      runs.map((run) => [
        instrument,
        String(run.runNumber),
        versionOf(run),
        run.start.state,
        run.start.state === 'Skipped' ? run.start.reason : null,
        reduction.class,
        run.rbNumber,
        reduction.startedBy,
        reduction.description,
        reduction.software?.name ?? null,
        reduction.software?.version ?? null,
        scriptSha256,
        givenSha256(givenOf(run)),
        reduction.submission ?? null,
        reduction.reproduces?.reductionId ?? null,
        reduction.reproduces ? JSON.stringify(reduction.reproduces) : null,
      ]),
    ],
  )

  const pairs = runs.map((run) => [instrument, String(run.runNumber), versionOf(run)])
  const recorded = await sql.rows(
    recordedSchema,
    `SELECT id AS reductionId, target AS runNumber, version FROM reductions WHERE (instrument, target, version) IN (?)`,
    [pairs],
  )
  const ids = recorded.map(({ reductionId }) => reductionId)
  await sql.change(
    // By values: as a join over the number in `target` it compared each run with each where the server knew little of the tables.
    'INSERT INTO reduction_runs (reduction_id, run_id) VALUES ?',
    [recorded.map(({ reductionId, runNumber }) => [reductionId, runIdOf(next, runNumber)])],
  )
  await sql.change(`UPDATE reductions SET finished_at = submitted_at WHERE id IN (?) AND state = 'Skipped'`, [ids])
  await sql.change(
    `UPDATE runs JOIN reduction_runs ON reduction_runs.run_id = runs.id
     JOIN reductions ON reductions.id = reduction_runs.reduction_id
     SET runs.latest_reduction_id = reductions.id, runs.latest_state = reductions.state WHERE reductions.id IN (?)`,
    [ids],
  )
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, run_number, reduction_id, state, reason, move, who)
     SELECT 'reduction', UTC_TIMESTAMP(6), instrument, CAST(target AS UNSIGNED), id, state, reason, 'submit',
       IF(class = 'fresh', NULL, started_by)
     FROM reductions WHERE id IN (?) ORDER BY id`,
    [ids],
  )
  return recorded
}

/** Keeps a script and sets of given variables under their hashes. @returns with `givenSha256`, which hash a set has */
export const storeWhatRuns = async (
  sql: Sql,
  script: ReductionToRecord['script'],
  given: readonly GivenArguments[],
): Promise<{
  readonly scriptSha256: string | null
  readonly givenSha256: (set: GivenArguments) => string | null
}> => ({
  scriptSha256: script === null ? null : 'sha256' in script ? script.sha256 : await storeScript(sql, script.files),
  givenSha256: await storeArgumentSets(sql, given),
})

/** Writes runs as far as they are known, and their experiments. */
export const recordRuns = async (sql: Sql, instrument: string, runs: readonly RunToRecord[]): Promise<void> => {
  const read = runs.flatMap(({ runNumber, metadata, versionsOnDisk }) =>
    metadata ? [{ runNumber, metadata, versionsOnDisk }] : [],
  )
  if (read.length > 0) {
    await sql.change(
      `INSERT INTO runs (instrument, run_number, title, rb_number, rb_text, started_at, ended_at, duration_seconds, good_frames,
         raw_frames, proton_charge, user_names, definition, file_path, file_size_bytes, file_modified_at, versions_on_disk)
       VALUES ?
       ON DUPLICATE KEY UPDATE title = VALUES(title), rb_number = VALUES(rb_number), rb_text = VALUES(rb_text),
         started_at = VALUES(started_at), ended_at = VALUES(ended_at), duration_seconds = VALUES(duration_seconds),
         good_frames = VALUES(good_frames), raw_frames = VALUES(raw_frames), proton_charge = VALUES(proton_charge),
         user_names = VALUES(user_names), definition = VALUES(definition), file_path = VALUES(file_path),
         file_size_bytes = VALUES(file_size_bytes), file_modified_at = VALUES(file_modified_at),
         versions_on_disk = GREATEST(versions_on_disk, VALUES(versions_on_disk))`,
      [
        read.map(({ runNumber, metadata, versionsOnDisk }) => [
          instrument,
          runNumber,
          metadata.title?.slice(0, 1000) ?? null,
          metadata.rbNumber,
          metadata.rbText?.slice(0, 255) ?? null,
          metadata.startedAt,
          metadata.endedAt,
          metadata.durationSeconds,
          metadata.goodFrames,
          metadata.rawFrames,
          metadata.protonCharge,
          metadata.userNames?.slice(0, 1000) ?? null,
          metadata.definition?.slice(0, 64) ?? null,
          metadata.filePath,
          metadata.fileSizeBytes,
          metadata.fileModifiedAt,
          versionsOnDisk ?? -1,
        ]),
      ],
    )
  }
  const unread = runs.filter(({ metadata }) => !metadata)
  if (unread.length > 0) {
    await sql.change('INSERT IGNORE INTO runs (instrument, run_number) VALUES ?', [
      unread.map(({ runNumber }) => [instrument, runNumber]),
    ])
  }
  const rbNumbers = [...new Set(runs.flatMap(({ rbNumber }) => (rbNumber === null ? [] : [rbNumber])))]
  if (rbNumbers.length > 0) {
    await sql.change('INSERT IGNORE INTO experiments (rb_number) VALUES ?', [rbNumbers.map((rbNumber) => [rbNumber])])
  }
}

/** Each run's row and the version that its next reduction gets. */
type NextVersions = ReadonlyMap<number, { readonly runId: number; readonly version: number }>

const latestVersionSchema = z.object({ runNumber: z.coerce.number(), version: integer })

const versionsOnDiskSchema = z.object({ runId: integer, runNumber: integer, versionsOnDisk: integer })

const nextVersions = async (sql: Sql, instrument: string, runs: readonly RunToRecord[]): Promise<NextVersions> => {
  const runNumbers = runs.map(({ runNumber }) => runNumber)
  const known = await sql.rows(
    latestVersionSchema,
    `SELECT target AS runNumber, MAX(version) AS version FROM reductions
     WHERE instrument = ? AND target IN (?) GROUP BY target`,
    [instrument, runNumbers.map(String)],
  )
  const written = new Map(known.map(({ runNumber, version }) => [runNumber, version]))
  const rows = await sql.rows(
    versionsOnDiskSchema,
    `SELECT id AS runId, run_number AS runNumber, versions_on_disk AS versionsOnDisk FROM runs
     WHERE instrument = ? AND run_number IN (?)`,
    [instrument, runNumbers],
  )
  return new Map(
    rows.map(({ runId, runNumber, versionsOnDisk }) => [
      runNumber,
      { runId, version: Math.max(0, (written.get(runNumber) ?? -1) + 1, versionsOnDisk + 1) },
    ]),
  )
}

const runIdOf = (next: NextVersions, runNumber: number): number => {
  const run = next.get(runNumber)
  if (!run) throw new Error(`Run ${runNumber} was not recorded with its reduction.`)
  return run.runId
}
