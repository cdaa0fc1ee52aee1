import { setTimeout as sleep } from 'node:timers/promises'

/** Time as a value, so that tests of waiting need not wait. */
export type Clock = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Resolves after the time, or at once when the signal aborts; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

export const systemClock: Clock = {
  now: Date.now,
  // Rejects only when aborted.
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
}
