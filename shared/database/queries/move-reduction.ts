import { isLegalMove, type MoveName, type ReductionState } from '#domain/reduction-states.ts'
import type { Parameter, Sql } from '../connection.ts'

export type ReductionMove = {
  readonly reductionId: number
  readonly move: MoveName
  readonly from: ReductionState
  readonly to: ReductionState
  /** Where the mover holds a lease: somebody with an older fence moves nothing. */
  readonly fence?: number
  /** Moves only while its lease has run out by the database's own clock. */
  readonly onlyIfLeaseExpired?: boolean
  /** A sentence for the person who looks: why it is in the new state. */
  readonly reason: string | null
  /** Other columns of the row that change with the state: SQL assignments, e.g. `started_at = UTC_TIMESTAMP(6)`. */
  readonly set?: readonly (readonly [assignment: string, ...parameters: Parameter[]])[]
}

/** Some contain what a script said; the column holds 64 KiB, and a longer text would keep the reduction from ever ending. */
const longestReason = 4_000

const shortened = (reason: string | null): string | null =>
  reason !== null && reason.length > longestReason ? `${reason.slice(0, longestReason - 1)}…` : reason

/**
 * The one place where a reduction's state changes. False when somebody else has moved it meanwhile; then nothing is changed.
 * Writes the change event and the run's copy of its newest state with it, so call it inside a transaction.
 */
export const moveReduction = async (sql: Sql, move: ReductionMove): Promise<boolean> => {
  if (!isLegalMove(move.move, move.from, move.to)) {
    throw new Error(`A reduction cannot go from ${move.from} to ${move.to} by “${move.move}”.`)
  }
  const assignments = ['state = ?', 'reason = ?', ...(move.set ?? []).map(([assignment]) => assignment)]
  const conditions = ['id = ?', 'state = ?']
  const reason = shortened(move.reason)
  const parameters: Parameter[] = [move.to, reason]
  for (const [, ...values] of move.set ?? []) parameters.push(...values)
  parameters.push(move.reductionId, move.from)
  if (move.fence !== undefined) {
    conditions.push('fence = ?')
    parameters.push(move.fence)
  }
  if (move.onlyIfLeaseExpired) conditions.push('lease_expires_at < UTC_TIMESTAMP(6)')

  const { changed } = await sql.change(
    `UPDATE reductions SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`,
    parameters,
  )
  if (changed === 0) return false

  await sql.change(
    `UPDATE runs JOIN reduction_runs ON reduction_runs.run_id = runs.id
     SET runs.latest_state = ? WHERE reduction_runs.reduction_id = ? AND runs.latest_reduction_id = ?`,
    [move.to, move.reductionId, move.reductionId],
  )
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, run_number, reduction_id, state, reason, move)
     SELECT 'reduction', UTC_TIMESTAMP(6), reductions.instrument, MIN(runs.run_number), reductions.id, ?, ?, ?
     FROM reductions
     JOIN reduction_runs ON reduction_runs.reduction_id = reductions.id
     JOIN runs ON runs.id = reduction_runs.run_id
     WHERE reductions.id = ? GROUP BY reductions.id, reductions.instrument`,
    [move.to, reason, move.move, move.reductionId],
  )
  return true
}
