import { z } from 'zod'
import { cancelledWithItsProcessor } from '#domain/cancelling.ts'
import { usualLeaseSeconds } from '#domain/lease.ts'
import type { Database, Sql } from '../connection.ts'
import { instant, integer, jsonText, flag } from './column-parsers.ts'
import { cancelAskedBy, decidedOutcomeSchema, type DecidedOutcome, type Lease } from './lease-held.ts'
import { moveReduction } from './move-reduction.ts'

/** A worker lost this often with the same reduction: it is the reduction. */
export const largestLostCount = 3

const statusSchema = z.object({ Value: integer })

/** Seconds since the database started; after an outage every lease looks expired although its holder is alive. */
const databaseUptimeSeconds = async (sql: Sql): Promise<number> => {
  const [row] = await sql.rows(statusSchema, `SHOW GLOBAL STATUS LIKE 'Uptime'`)
  return row?.Value ?? 0
}

const heldSchema = z.object({ id: integer, fence: integer, lostCount: integer })
export type Held = z.infer<typeof heldSchema>

/** How many were put into the line again, and how many were given up. */
type TakenBack = { readonly requeued: number; readonly givenUp: number }

/**
 * Takes back the reductions whose processor was not heard for a whole lease: to the line again, or to Error after three lost workers.
 * Those that were already publishing are left to {@link adoptPublishing}: their outcome is decided.
 * Does nothing until the database itself has been up for one lease: holders that could not reach it get time to say so.
 * @param isConfirmed of those that look expired, the ones that may be taken back
 */
export const reapExpiredLeases = async (
  database: Database,
  shortestUptimeSeconds: number = usualLeaseSeconds,
  isConfirmed: (expired: readonly Held[]) => readonly Held[] = (expired) => expired,
): Promise<TakenBack> => {
  if ((await databaseUptimeSeconds(database)) < shortestUptimeSeconds) return { requeued: 0, givenUp: 0 }
  const expired = await database.rows(
    heldSchema,
    `SELECT id, fence, lost_count AS lostCount FROM reductions
     WHERE state = 'Processing' AND step IS NULL AND lease_expires_at < UTC_TIMESTAMP(6) LIMIT 200`,
  )
  return takeBack(database, isConfirmed(expired), true)
}

/**
 * Takes back at once what processors held of which somebody knows that they are dead, as {@link reapExpiredLeases} does after a lease.
 * What they had decided is free to be adopted, and their slots count no more.
 */
export const takeBackFromDead = async (database: Database, processors: readonly string[]): Promise<TakenBack> => {
  if (processors.length === 0) return { requeued: 0, givenUp: 0 }
  const held = await database.rows(
    heldSchema,
    `SELECT id, fence, lost_count AS lostCount, cancel_requested_by AS cancelRequestedBy FROM reductions
     WHERE state = 'Processing' AND step IS NULL AND lease_owner IN (?)`,
    [processors],
  )
  const takenBack = await takeBack(database, held, false)
  await database.change(
    `UPDATE reductions SET lease_expires_at = UTC_TIMESTAMP(6)
     WHERE state = 'Processing' AND step = 'publishing' AND lease_owner IN (?)`,
    [processors],
  )
  await database.change('DELETE FROM processors WHERE id IN (?)', [processors])
  return takenBack
}

const takeBack = async (database: Database, held: readonly Held[], onlyIfLeaseExpired: boolean): Promise<TakenBack> => {
  let requeued = 0
  let givenUp = 0
  for (const { id, fence, lostCount } of held) {
    const became = await database.transaction(async (sql) => {
      const lease = { reductionId: id, fence }
      const next = afterTheLoss(lostCount, await cancelAskedBy(sql, lease))
      const isMoved = await moveReduction(sql, { ...lease, onlyIfLeaseExpired, from: 'Processing', ...next })
      return isMoved ? next.to : undefined
    })
    if (became === 'Queued') requeued += 1
    else if (became === 'Error') givenUp += 1
  }
  return { requeued, givenUp }
}

/** What becomes of a reduction whose processor is gone: one that somebody wanted ended does not start again. */
const afterTheLoss = (lostCount: number, cancelRequestedBy: string | null) => {
  const cleared = [['lease_owner = NULL'], ['lease_expires_at = NULL'], ['lost_count = lost_count + 1']] as const
  const ended = [...cleared, ['finished_at = UTC_TIMESTAMP(6)'] as const]
  if (cancelRequestedBy !== null) {
    const reason = cancelledWithItsProcessor(cancelRequestedBy)
    return { move: 'finish' as const, to: 'Cancelled' as const, reason, set: ended }
  }
  if (lostCount >= largestLostCount) {
    const reason = `The processor died ${lostCount + 1} times while it ran this script. It may use more memory than the machine has. Look at the log, then re-run it or tell the service's team.`
    return { move: 'give-up' as const, to: 'Error' as const, reason, set: ended }
  }
  const reason = 'Its processor was lost; it starts again on another.'
  return { move: 'lost' as const, to: 'Queued' as const, reason, set: [...cleared, ['started_at = NULL'] as const] }
}

/** A reduction that was decided and is not published: its processor died before the rename, or its disk failed. */
export type Adopted = Lease & {
  readonly instrument: string
  readonly target: string
  readonly version: number
  readonly rbNumber: number | null
  readonly isFlat: boolean
  readonly submittedAt: Date
  readonly outcome: DecidedOutcome
}

const adoptedSchema = z.object({
  reductionId: integer,
  fence: integer,
  instrument: z.string(),
  target: z.string(),
  version: integer,
  rbNumber: integer.nullable(),
  isFlat: flag,
  submittedAt: instant,
  outcome: jsonText(decidedOutcomeSchema),
})

/**
 * Takes over one reduction that stands at `publishing` under an expired lease. The fence stays: whoever renames first has
 * published, and the other finds it done.
 * @param except instruments whose results this processor cannot write, or is writing
 */
export const adoptPublishing = (
  database: Database,
  processor: string,
  leaseSeconds: number = usualLeaseSeconds,
  except: readonly string[] = [],
): Promise<Adopted | undefined> =>
  database.transaction(async (sql) => {
    const [found] = await sql.rows(
      adoptedSchema,
      `SELECT reductions.id AS reductionId, fence, instrument, target, version, rb_number AS rbNumber, is_flat AS isFlat,
         submitted_at AS submittedAt, decided_outcome AS outcome
       FROM reductions JOIN instruments ON instruments.name = reductions.instrument
       WHERE state = 'Processing' AND step = 'publishing' AND lease_expires_at < UTC_TIMESTAMP(6)
         AND reductions.instrument NOT IN (?)
       ORDER BY lease_expires_at LIMIT 1`,
      [except.length > 0 ? except : ['']],
    )
    if (!found) return undefined
    const { changed } = await sql.change(
      `UPDATE reductions SET lease_owner = ?, lease_expires_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND
       WHERE id = ? AND fence = ? AND step = 'publishing' AND lease_expires_at < UTC_TIMESTAMP(6)`,
      [processor, leaseSeconds, found.reductionId, found.fence],
    )
    return changed > 0 ? found : undefined
  })
