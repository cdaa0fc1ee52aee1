import type { DataReady } from '#contracts/data-ready.ts'
import type { Database } from '#database/connection.ts'
import { reapExpiredLeases, type Held } from '#database/queries/lease-expired.ts'
import { oldestInLine, readLine } from '#database/queries/line.ts'
import { bellsToRing } from '#domain/bells.ts'

export type Dispatched = {
  readonly rung: number
  readonly queued: number
  readonly processing: number
  readonly slots: number
  readonly requeued: number
  readonly givenUp: number
}

/**
 * Takes back what has lost its lease, then rings once for each reduction that could start now. Safe to run twice at once: a
 * lease is taken back by one of both, and a doubled bell costs little.
 */
export const dispatchOnce = async (
  database: Database,
  ring: (bells: readonly DataReady[]) => Promise<void>,
  shortestUptimeSeconds?: number,
  isConfirmed?: (expired: readonly Held[]) => readonly Held[],
): Promise<Dispatched> => {
  const { requeued, givenUp } = await reapExpiredLeases(database, shortestUptimeSeconds, isConfirmed)
  const line = await readLine(database)
  const bells = await bellsFor(database, bellsToRing(line))
  if (bells.length > 0) await ring(bells)
  const queued = line.lines.reduce((sum, { count }) => sum + count, 0)
  return { rung: bells.length, queued, processing: line.running.length, slots: line.slots, requeued, givenUp }
}

const bellsFor = async (database: Database, count: number): Promise<readonly DataReady[]> =>
  count === 0 ? [] : oldestInLine(database, count)
