import type { Log } from '#function-server/log.ts'
import type { Clock } from './clock.ts'

/**
 * Tells the log of an outage once when it begins and once when it is over, however many attempts lie between; and once of each reason met
 * meanwhile that will not pass by itself, since somebody must do something about that: a broker that comes back from a restart with an
 * expired certificate began as "connection refused".
 */
export type Outage = {
  readonly failed: (reason: string, isLasting?: boolean) => void
  readonly over: () => void
  /** Null while all is well. */
  readonly current: () => { readonly sinceMs: number; readonly reason: string } | null
}

/** In one outage; a reason that never comes twice the same must not fill the log. */
const mostTold = 10

export const watchForOutage = (options: {
  /** As a sentence begins: "The broker". */
  readonly what: string
  readonly log: Log
  readonly clock: Clock
}): Outage => {
  let outage: { sinceMs: number; reason: string; attempts: number; told: Set<string> } | null = null
  return {
    failed(reason, isLasting = false) {
      if (outage) {
        outage.attempts += 1
        outage.reason = reason
        if (!isLasting || outage.told.has(reason) || outage.told.size >= mostTold) return
        outage.told.add(reason)
        options.log.warn(
          { event: { action: 'outage-goes-on' }, error: { message: reason } },
          `${options.what} is still out of reach, now because ${reason}.`,
        )
        return
      }
      outage = { sinceMs: options.clock.now(), reason, attempts: 1, told: new Set([reason]) }
      options.log.warn(
        { event: { action: 'outage-begins' }, error: { message: reason } },
        `${options.what} is out of reach: ${reason}. Trying again until it answers.`,
      )
    },
    over() {
      if (!outage) return
      // The clock may have been set back meanwhile.
      const seconds = Math.max(0, Math.round((options.clock.now() - outage.sinceMs) / 1000))
      options.log.info(
        { event: { action: 'outage-ends', duration: seconds * 1e9 } },
        `${options.what} is back after ${seconds} s (failed attempts: ${outage.attempts}).`,
      )
      outage = null
    },
    current: () => outage,
  }
}
