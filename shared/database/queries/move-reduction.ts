import { z } from 'zod'
import { isLegalMove, type MoveName, type ReductionState } from '#domain/reduction-states.ts'
import type { Parameter, Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'

/** Other columns of the row that change with the state: SQL assignments, e.g. `started_at = UTC_TIMESTAMP(6)`. */
type Assignments = readonly (readonly [assignment: string, ...parameters: Parameter[]])[]

type Change = {
  readonly move: MoveName
  readonly from: ReductionState
  readonly to: ReductionState
  /** A sentence for the person who looks: why it is in the new state. */
  readonly reason: string | null
  /** The person who decided it; absent where the service did. */
  readonly who?: string
  readonly set?: Assignments
}

export type ReductionMove = Change & {
  readonly reductionId: number
  /** Where the mover holds a lease: somebody with an older fence moves nothing. */
  readonly fence?: number
  /** Moves only while its lease has run out by the database's own clock. */
  readonly onlyIfLeaseExpired?: boolean
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
  const conditions = ['id = ?', 'state = ?']
  const parameters: Parameter[] = [move.reductionId, move.from]
  if (move.fence !== undefined) {
    conditions.push('fence = ?')
    parameters.push(move.fence)
  }
  if (move.onlyIfLeaseExpired) conditions.push('lease_expires_at < UTC_TIMESTAMP(6)')
  const changed = await assign(sql, move, conditions.join(' AND '), parameters)
  if (changed === 0) return false
  await tell(sql, move, [move.reductionId])
  return true
}

/** Statements over many rows stay short enough for locks and packets. */
const rowsPerStatement = 1_000

const idSchema = z.object({ id: integer })

/**
 * The same for many at once, a handful of statements however many. Only for moves that need no lease.
 * @returns those that were moved; the others had left `from` already
 */
export const moveReductions = async (
  sql: Sql,
  reductionIds: readonly number[],
  change: Change,
): Promise<readonly number[]> => {
  const moved: number[] = []
  for (let first = 0; first < reductionIds.length; first += rowsPerStatement) {
    const part = reductionIds.slice(first, first + rowsPerStatement)
    const rows = await sql.rows(
      idSchema,
      'SELECT id FROM reductions WHERE id IN (?) AND state = ? ORDER BY id FOR UPDATE',
      [part, change.from],
    )
    const ids = rows.map(({ id }) => id)
    if (ids.length === 0) continue
    await assign(sql, change, 'id IN (?) AND state = ?', [ids, change.from])
    await tell(sql, change, ids)
    moved.push(...ids)
  }
  return moved
}

const assign = async (
  sql: Sql,
  change: Change,
  condition: string,
  conditionParameters: readonly Parameter[],
): Promise<number> => {
  if (!isLegalMove(change.move, change.from, change.to)) {
    throw new Error(`A reduction cannot go from ${change.from} to ${change.to} by “${change.move}”.`)
  }
  const assignments = ['state = ?', 'reason = ?', ...(change.set ?? []).map(([assignment]) => assignment)]
  const values = (change.set ?? []).flatMap(([, ...parameters]) => parameters)
  const { changed } = await sql.change(`UPDATE reductions SET ${assignments.join(', ')} WHERE ${condition}`, [
    change.to,
    shortened(change.reason),
    ...values,
    ...conditionParameters,
  ])
  return changed
}

const tell = async (sql: Sql, change: Change, ids: readonly number[]): Promise<void> => {
  await sql.change(
    `UPDATE runs JOIN reduction_runs ON reduction_runs.run_id = runs.id
     SET runs.latest_state = ? WHERE reduction_runs.reduction_id IN (?)
       AND runs.latest_reduction_id = reduction_runs.reduction_id`,
    [change.to, ids],
  )
  await tellOfReductions(sql, ids, { ...change, state: change.to, reason: shortened(change.reason) })
}

/** Writes a change event for each of these reductions, also where its state stays as it is. */
export const tellOfReductions = async (
  sql: Sql,
  ids: readonly number[],
  event: {
    readonly state: ReductionState
    readonly reason: string | null
    readonly move: string
    readonly who?: string
  },
): Promise<void> => {
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, run_number, reduction_id, state, reason, move, who)
     SELECT 'reduction', UTC_TIMESTAMP(6), reductions.instrument, MIN(runs.run_number), reductions.id, ?, ?, ?, ?
     FROM reductions
     JOIN reduction_runs ON reduction_runs.reduction_id = reductions.id
     JOIN runs ON runs.id = reduction_runs.run_id
     WHERE reductions.id IN (?) GROUP BY reductions.id, reductions.instrument ORDER BY reductions.id`,
    [event.state, event.reason, event.move, event.who ?? null, ids],
  )
}
