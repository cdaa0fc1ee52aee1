import type { Log } from '#function-server/log.ts'
import type { Clock } from './clock.ts'

/** Tells the log of an outage once when it begins and once when it is over, however many attempts lie between. */
export type Outage = {
  readonly failed: (reason: string) => void
  readonly over: () => void
  /** Null while all is well. */
  readonly current: () => { readonly sinceMs: number; readonly reason: string } | null
}

export const watchForOutage = (options: {
  /** As a sentence begins: "The broker". */
  readonly what: string
  readonly log: Log
  readonly clock: Clock
}): Outage => {
  let outage: { sinceMs: number; reason: string; attempts: number } | null = null
  return {
    failed(reason) {
      if (outage) {
        outage.attempts += 1
        outage.reason = reason
        return
      }
      outage = { sinceMs: options.clock.now(), reason, attempts: 1 }
      options.log.warn(
        { event: { action: 'outage-begins' }, error: { message: reason } },
        `${options.what} is out of reach: ${reason}. Trying again until it answers.`,
      )
    },
    over() {
      if (!outage) return
      const seconds = Math.round((options.clock.now() - outage.sinceMs) / 1000)
      options.log.info(
        { event: { action: 'outage-ends', duration: seconds * 1e9 } },
        `${options.what} is back after ${seconds} s (failed attempts: ${outage.attempts}).`,
      )
      outage = null
    },
    current: () => outage,
  }
}
