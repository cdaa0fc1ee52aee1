import { setTimeout as wait } from 'node:timers/promises'
import { heartBeat, isCancelAsked, type Lease } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import type { Processor } from './processor.ts'

export type LeaseKeeper = {
  /** Settles when no beat is under way any more: only then can somebody else's word about the lease stand. */
  readonly stop: () => Promise<void>
}

/**
 * Beats the heart of one reduction until stopped, and looks between the beats whether a person has cancelled it. While the database is away nothing is given up: the fence decides afterwards whose the
 * reduction is, and the first beat that arrives renews the lease or says that it is lost.
 */
export const keepLease = (
  { database, rhythm, log, settings }: Pick<Processor, 'database' | 'rhythm' | 'log' | 'settings'>,
  lease: Lease,
  onChange: (change: 'lost' | 'cancelled') => void,
): LeaseKeeper => {
  const stopping = new AbortController()
  // A connection that was lost without a word must not cost the lease: another can be tried, and a third, before it has run out.
  const sql = database.within((settings.leaseSeconds * 1_000) / 3)
  const beat = async (): Promise<'lost' | undefined> => {
    const answer = await heartBeat(sql, lease, settings.leaseSeconds)
    if (answer === 'cancel') onChange('cancelled')
    if (answer === 'lost') onChange('lost')
    return answer === 'lost' ? 'lost' : undefined
  }
  const run = async (): Promise<void> => {
    let isAway = false
    while (!stopping.signal.aborted) {
      await wait(rhythm.heartBeatMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      try {
        if ((await beat()) === 'lost') return
        isAway = false
      } catch (fault) {
        if (!isAway) log.warn({ ...faultFields(fault), reduction: lease }, 'a heart-beat did not arrive')
        isAway = true
      }
    }
  }
  /** A beat writes, and waits for locks and a disk that others use too: on a busy machine a cancelled script would run on meanwhile. */
  const look = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await wait(rhythm.cancelLookMs, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (stopping.signal.aborted) return
      // Where the database is away the beat says so.
      if (await isCancelAsked(sql, lease).catch(() => false)) {
        onChange('cancelled')
        return
      }
    }
  }
  const running = run()
  void look()
  return {
    stop: () => {
      stopping.abort()
      return running
    },
  }
}
