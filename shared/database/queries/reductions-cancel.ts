import { z } from 'zod'
import type { Viewer } from '#contracts/viewer.ts'
import { cancelledInLine, decideCancel } from '#domain/cancelling.ts'
import type { ReductionClass } from '#domain/reduction-classes.ts'
import { reductionStates } from '#domain/reduction-states.ts'
import type { Sql } from '../connection.ts'
import { flag, integer } from './column-parsers.ts'
import { moveReductions, tellOfReductions } from './move-reduction.ts'
import { allOf, experimentsVisibleTo, type Condition } from './visible-to.ts'

/** Which reductions somebody wants to cancel: these, or all under way that fit. */
export type CancelSelection =
  | { readonly reductionIds: readonly number[] }
  | {
      readonly states: readonly ('Queued' | 'Processing')[]
      readonly instrument?: string | undefined
      readonly submission?: string | undefined
      readonly rbNumber?: number | undefined
      readonly classes?: readonly ReductionClass[] | undefined
    }

const standingSchema = z.object({
  id: integer,
  state: z.enum(reductionStates),
  isPublishing: flag,
  cancelRequestedBy: z.string().nullable(),
})

export type Cancelled = {
  /** Ended before they started. */
  readonly cancelled: readonly number[]
  /** Run, and end within seconds. */
  readonly cancelling: readonly number[]
  readonly refused: readonly { readonly id: number; readonly reason: string }[]
}

/** More than a request can submit; whoever wants more asks again. */
export const mostCancelledAtOnce = 5_000

const equal = (column: string, value: string | number | undefined): readonly Condition[] =>
  value === undefined ? [] : [{ sql: `reductions.${column} = ?`, parameters: [value] }]

const conditionOf = (selection: CancelSelection): Condition => {
  if ('reductionIds' in selection) return { sql: 'reductions.id IN (?)', parameters: [selection.reductionIds] }
  const { states, instrument, submission, rbNumber, classes } = selection
  return allOf(
    { sql: 'reductions.state IN (?)', parameters: [states] },
    ...equal('instrument', instrument),
    ...equal('submission', submission),
    ...equal('rb_number', rbNumber),
    ...(classes ? [{ sql: 'reductions.class IN (?)', parameters: [classes] }] : []),
  )
}

/** Those that fit; what stands in line or runs is found along the index of the line. */
export const cancelStatement = (selection: CancelSelection, viewer: Viewer): Condition => {
  const all = allOf(conditionOf(selection), experimentsVisibleTo(viewer, 'reductions'))
  return {
    sql: `SELECT id, state, step IS NOT NULL AS isPublishing, cancel_requested_by AS cancelRequestedBy
      FROM reductions WHERE ${all.sql} ORDER BY id LIMIT ${mostCancelledAtOnce}`,
    parameters: all.parameters,
  }
}

/**
 * Cancels what stands in line at once and asks the processors of what runs to end it. Says which were too late. Repeating it does no harm.
 * Call it inside a transaction; with `isPreview` nothing is changed and the answer says what would be.
 */
export const cancelReductions = async (
  sql: Sql,
  viewer: Viewer,
  selection: CancelSelection,
  isPreview = false,
): Promise<Cancelled> => {
  const found = cancelStatement(selection, viewer)
  const rows = await sql.rows(standingSchema, isPreview ? found.sql : `${found.sql} FOR UPDATE`, found.parameters)
  const cancelled: number[] = []
  const cancelling: number[] = []
  const refused: { id: number; reason: string }[] = []
  const inLine: number[] = []
  const toAsk: number[] = []
  for (const { id, ...standing } of rows) {
    const decision = decideCancel(standing)
    switch (decision.do) {
      case 'withdraw':
        inLine.push(id)
        cancelled.push(id)
        break
      case 'ask':
        toAsk.push(id)
        cancelling.push(id)
        break
      case 'nothing':
        if (decision.outcome === 'cancelled') cancelled.push(id)
        else cancelling.push(id)
        break
      case 'refuse':
        refused.push({ id, reason: decision.reason })
    }
  }
  if (!isPreview) {
    await withdraw(sql, viewer, inLine)
    await ask(sql, viewer, toAsk)
  }
  return { cancelled, cancelling, refused }
}

const whoAndWhen = (viewer: Viewer) =>
  [['cancel_requested_by = ?', viewer.name], ['cancel_requested_at = UTC_TIMESTAMP(6)']] as const

const withdraw = async (sql: Sql, viewer: Viewer, ids: readonly number[]): Promise<void> => {
  await moveReductions(sql, ids, {
    move: 'withdraw',
    from: 'Queued',
    to: 'Cancelled',
    reason: cancelledInLine(viewer.name),
    who: viewer.name,
    set: [['finished_at = UTC_TIMESTAMP(6)'], ...whoAndWhen(viewer)],
  })
}

/** The state does not change yet: it does when the processor has ended the script. */
const ask = async (sql: Sql, viewer: Viewer, ids: readonly number[]): Promise<void> => {
  if (ids.length === 0) return
  await sql.change(
    `UPDATE reductions SET cancel_requested_by = ?, cancel_requested_at = UTC_TIMESTAMP(6) WHERE id IN (?)`,
    [viewer.name, ids],
  )
  const reason = `${viewer.name} asked to cancel it.`
  await tellOfReductions(sql, ids, { state: 'Processing', reason, move: 'cancel', who: viewer.name })
}
