import { z } from 'zod'
import type { ResultFile } from '#contracts/api.ts'
import { usualLeaseSeconds } from '#domain/lease.ts'
import type { VariableValue } from '#domain/variables.ts'
import type { FinalState } from '#domain/reduction-states.ts'
import type { Database, Sql } from '../connection.ts'
import { moveReduction } from './move-reduction.ts'
import { storeArguments } from './argument-sets.ts'

/** Who holds which reduction; goes with every word of a processor. */
export type Lease = { readonly reductionId: number; readonly fence: number }

/** What a processor decided, stored before anything is renamed. */
export const decidedOutcomeSchema = z.object({
  state: z.enum(['Completed', 'Error', 'Skipped', 'Cancelled']),
  reason: z.string().nullable(),
  scriptSeconds: z.number().nullable(),
  /** The directory the results are to be found in afterwards; null where there are none. */
  resultsPath: z.string().nullable(),
  /** Where else the results are to be copied to. */
  extra: z
    .array(z.object({ path: z.string(), mayReplace: z.boolean() }))
    .readonly()
    .optional(),
})
export type DecidedOutcome = z.infer<typeof decidedOutcomeSchema>

/**
 * Keeps the lease for its whole length from now. `lost`: somebody else has it, or it was taken back: stop and leave no trace.
 * `cancel`: still held, but a person wants it ended.
 */
export const heartBeat = async (
  sql: Sql,
  lease: Lease,
  leaseSeconds: number = usualLeaseSeconds,
): Promise<'held' | 'lost' | 'cancel'> => {
  const { changed } = await sql.change(
    `UPDATE reductions SET lease_expires_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND
     WHERE id = ? AND fence = ? AND state = 'Processing'`,
    [leaseSeconds, lease.reductionId, lease.fence],
  )
  if (changed === 0) return 'lost'
  const [row] = await sql.rows(
    z.object({ cancelRequestedBy: z.string().nullable() }),
    'SELECT cancel_requested_by AS cancelRequestedBy FROM reductions WHERE id = ?',
    [lease.reductionId],
  )
  return row?.cancelRequestedBy ? 'cancel' : 'held'
}

/** Records the variables that the script really got. False where the lease is lost. */
export const recordArguments = (
  database: Database,
  lease: Lease,
  variables: readonly { group: 'standard' | 'advanced'; name: string; value: VariableValue }[],
): Promise<boolean> =>
  database.transaction(async (sql) => {
    const sha256 = await storeArguments(sql, variables)
    const { changed } = await sql.change(
      `UPDATE reductions SET arguments_sha256 = ? WHERE id = ? AND fence = ? AND state = 'Processing'`,
      [sha256, lease.reductionId, lease.fence],
    )
    return changed > 0
  })

/**
 * The point of no return: outcome and outputs are decided, only the rename is left. From here nobody re-runs or cancels.
 * False where the lease is lost.
 */
export const beginPublishing = (
  database: Database,
  lease: Lease,
  outcome: DecidedOutcome,
  outputs: readonly ResultFile[],
  leaseSeconds: number = usualLeaseSeconds,
): Promise<boolean> =>
  database.transaction(async (sql) => {
    const { changed } = await sql.change(
      `UPDATE reductions SET step = 'publishing', decided_outcome = ?, script_seconds = ?, results_path = ?,
         lease_expires_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND
       WHERE id = ? AND fence = ? AND state = 'Processing' AND step IS NULL`,
      [
        JSON.stringify(outcome),
        outcome.scriptSeconds,
        outcome.resultsPath,
        leaseSeconds,
        lease.reductionId,
        lease.fence,
      ],
    )
    if (changed === 0) return false
    await sql.change('DELETE FROM outputs WHERE reduction_id = ?', [lease.reductionId])
    if (outputs.length > 0) {
      await sql.change('INSERT INTO outputs (reduction_id, path, size_bytes, media_type, plot) VALUES ?', [
        outputs.map((file) => [lease.reductionId, file.path, file.sizeBytes, file.mediaType, file.plot]),
      ])
    }
    return true
  })

/** The end. `replaced` says what came instead of the decided outcome, e.g. an Error because the results could not be published. */
export const finishReduction = (
  database: Database,
  lease: Lease,
  outcome: { readonly state: FinalState; readonly reason: string | null; readonly resultsPath: string | null },
): Promise<boolean> =>
  database.transaction((sql) =>
    moveReduction(sql, {
      reductionId: lease.reductionId,
      fence: lease.fence,
      move: 'finish',
      from: 'Processing',
      to: outcome.state,
      reason: outcome.reason,
      set: [
        ['finished_at = UTC_TIMESTAMP(6)'],
        ['step = NULL'],
        ['lease_owner = NULL'],
        ['lease_expires_at = NULL'],
        ['results_path = ?', outcome.resultsPath],
      ],
    }),
  )

/**
 * Finished results could not be published now: from so many seconds on whoever adopts the reduction tries again. Its outcome stays decided.
 * False where the lease is lost.
 */
export const postponePublishing = async (sql: Sql, lease: Lease, seconds: number): Promise<boolean> => {
  const { changed } = await sql.change(
    `UPDATE reductions SET lease_expires_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND
     WHERE id = ? AND fence = ? AND state = 'Processing' AND step = 'publishing'`,
    [seconds, lease.reductionId, lease.fence],
  )
  return changed > 0
}

/** Gives a reduction back unharmed, uncounted: it could not be run here and now. */
export const releaseReduction = (
  database: Database,
  lease: Lease,
  reason = 'The processor was stopped; the reduction starts again on another.',
): Promise<boolean> =>
  database.transaction((sql) =>
    moveReduction(sql, {
      reductionId: lease.reductionId,
      fence: lease.fence,
      move: 'release',
      from: 'Processing',
      to: 'Queued',
      reason,
      set: [['lease_owner = NULL'], ['lease_expires_at = NULL'], ['started_at = NULL'], ['script_seconds = NULL']],
    }),
  )
