import { z } from 'zod'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'
import { tellOfReductions } from './move-reduction.ts'
import {
  recordRuns,
  storeWhatRuns,
  type RecordedMetadata,
  type ReductionToRecord,
  type RunToRecord,
} from './record-reductions.ts'

export type BatchedRun = { readonly runNumber: number; readonly metadata: RecordedMetadata | undefined }

export type BatchToRecord = {
  readonly target: string
  readonly rbNumber: number | null
  /** Highest run-version-N found on disk, -1 for none. */
  readonly versionsOnDisk: number
  readonly start: RunToRecord['start']
  readonly runs: readonly BatchedRun[]
}

const idSchema = z.object({ id: integer })

const versionSchema = z.object({ version: integer.nullable() })

/**
 * Writes one reduction of several runs. Batches with the same first and last run are counted together, whichever runs lie between: no
 * two of them ever share a version and so a directory. Call it inside a transaction that holds `lockInstrument`.
 */
export const recordBatch = async (
  sql: Sql,
  reduction: ReductionToRecord,
  batch: BatchToRecord,
): Promise<{ readonly reductionId: number; readonly version: number }> => {
  const { instrument } = reduction
  const { target, rbNumber, start } = batch
  await recordRuns(
    sql,
    instrument,
    batch.runs.map((run) => ({ ...run, rbNumber, versionsOnDisk: undefined, start })),
  )
  const { scriptSha256, givenSha256 } = await storeWhatRuns(sql, reduction.script, [reduction.given])
  const [written] = await sql.rows(
    versionSchema,
    'SELECT MAX(version) AS version FROM reductions WHERE instrument = ? AND target = ?',
    [instrument, target],
  )
  const version = Math.max((written?.version ?? -1) + 1, batch.versionsOnDisk + 1)
  const { insertedId: reductionId } = await sql.change(
    `INSERT INTO reductions (instrument, target, is_batch, version, state, reason, class, rb_number, started_by, description,
       software_name, software_version, script_sha256, given_arguments_sha256, submission, reproduces_id, reproduction,
       finished_at)
     VALUES (?, ?, TRUE, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, IF(? = 'Skipped', UTC_TIMESTAMP(6), NULL))`,
    [
      instrument,
      target,
      version,
      start.state,
      start.state === 'Skipped' ? start.reason : null,
      reduction.class,
      rbNumber,
      reduction.startedBy,
      reduction.description,
      reduction.software?.name ?? null,
      reduction.software?.version ?? null,
      scriptSha256,
      givenSha256(reduction.given),
      reduction.submission ?? null,
      reduction.reproduces?.reductionId ?? null,
      reduction.reproduces ? JSON.stringify(reduction.reproduces) : null,
      start.state,
    ],
  )
  const runs = await sql.rows(idSchema, 'SELECT id FROM runs WHERE instrument = ? AND run_number IN (?)', [
    instrument,
    batch.runs.map(({ runNumber }) => runNumber),
  ])
  await sql.change('INSERT INTO reduction_runs (reduction_id, run_id) VALUES ?', [
    runs.map(({ id }) => [reductionId, id]),
  ])
  await tellOfReductions(sql, [reductionId], {
    state: start.state,
    reason: start.state === 'Skipped' ? start.reason : null,
    move: 'submit',
    who: reduction.startedBy,
  })
  return { reductionId, version }
}
