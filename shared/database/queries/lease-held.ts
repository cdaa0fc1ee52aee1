import { z } from 'zod'
import type { ResultFile } from '#contracts/api.ts'
import { cancelledInsteadOfWaiting, cancelledWithItsProcessor } from '#domain/cancelling.ts'
import { usualLeaseSeconds } from '#domain/lease.ts'
import type { LeftOutVariables } from '#contracts/variables.ts'
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

const cancelRequestedBySchema = z.object({ cancelRequestedBy: z.string().nullable() })

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
    cancelRequestedBySchema,
    'SELECT cancel_requested_by AS cancelRequestedBy FROM reductions WHERE id = ?',
    [lease.reductionId],
  )
  return row?.cancelRequestedBy ? 'cancel' : 'held'
}

/** Does a person want it ended? Reads one row and waits for nobody: neither for its lock nor for a disk. */
export const isCancelAsked = async (sql: Sql, lease: Lease): Promise<boolean> => {
  const [row] = await sql.rows(
    cancelRequestedBySchema,
    'SELECT cancel_requested_by AS cancelRequestedBy FROM reductions WHERE id = ? AND fence = ?',
    [lease.reductionId, lease.fence],
  )
  return (row?.cancelRequestedBy ?? null) !== null
}

/**
 * Records the variables that the script really got, and the configured ones that it could not take. False where the lease is lost. Needs no
 * transaction: a set of arguments that nobody refers to is no harm.
 */
export const recordArguments = async (
  sql: Sql,
  lease: Lease,
  variables: readonly { group: 'standard' | 'advanced'; name: string; value: VariableValue }[],
  leftOut: LeftOutVariables = [],
): Promise<boolean> => {
  const sha256 = await storeArguments(sql, variables)
  const { changed } = await sql.change(
    `UPDATE reductions SET arguments_sha256 = ?, variables_left_out = ? WHERE id = ? AND fence = ? AND state = 'Processing'`,
    [sha256, leftOut.length > 0 ? JSON.stringify(leftOut) : null, lease.reductionId, lease.fence],
  )
  return changed > 0
}

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
    if (lease.fence > 1) await sql.change('DELETE FROM outputs WHERE reduction_id = ?', [lease.reductionId])
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

/** Who wants it ended; locks the row, so that nobody asks between this look and what follows from it. */
export const cancelAskedBy = async (sql: Sql, lease: Lease): Promise<string | null> => {
  const [row] = await sql.rows(
    cancelRequestedBySchema,
    'SELECT cancel_requested_by AS cancelRequestedBy FROM reductions WHERE id = ? AND fence = ? FOR UPDATE',
    [lease.reductionId, lease.fence],
  )
  return row?.cancelRequestedBy ?? null
}

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

/**
 * Gives a reduction back unharmed, uncounted: it could not be run here and now. One that a person wanted cancelled ends here instead of
 * running again on another.
 * @param reason why it waits in line; without one, because this processor stops
 */
export const releaseReduction = (database: Database, lease: Lease, reason?: string): Promise<boolean> =>
  database.transaction(async (sql) => {
    const asked = await cancelAskedBy(sql, lease)
    const cleared = [['lease_owner = NULL'], ['lease_expires_at = NULL'], ['script_seconds = NULL']] as const
    return moveReduction(sql, {
      reductionId: lease.reductionId,
      fence: lease.fence,
      from: 'Processing',
      ...(asked === null
        ? {
            move: 'release' as const,
            to: 'Queued' as const,
            reason: reason ?? 'The processor was stopped; the reduction starts again on another.',
            set: [...cleared, ['started_at = NULL'] as const],
          }
        : {
            move: 'finish' as const,
            to: 'Cancelled' as const,
            reason: reason === undefined ? cancelledWithItsProcessor(asked) : cancelledInsteadOfWaiting(asked),
            set: [...cleared, ['finished_at = UTC_TIMESTAMP(6)'] as const],
          }),
    })
  })
