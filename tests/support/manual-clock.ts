import { setImmediate } from 'node:timers/promises'
import type { Clock } from '#broker/clock.ts'

type Sleeper = { readonly wakesAtMs: number; readonly wake: () => void }

/** A clock that stands still until it is told to go on: hours of waiting in a test take no time. */
export const openManualClock = (startMs = 1_000_000) => {
  let nowMs = startMs
  const sleepers = new Set<Sleeper>()
  const clock: Clock = {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          wakesAtMs: nowMs + ms,
          wake() {
            sleepers.delete(sleeper)
            signal.removeEventListener('abort', sleeper.wake)
            resolve()
          },
        }
        if (signal.aborted) return resolve()
        sleepers.add(sleeper)
        signal.addEventListener('abort', sleeper.wake)
      }),
  }
  return {
    ...clock,
    sleeping: (): number => sleepers.size,
    /** Wakes in order all who sleep no longer than this, and lets what follows from each happen before the next. */
    async advance(ms: number): Promise<void> {
      const untilMs = nowMs + ms
      for (;;) {
        await setImmediate()
        const next = [...sleepers].sort((a, b) => a.wakesAtMs - b.wakesAtMs)[0]
        if (!next || next.wakesAtMs > untilMs) break
        nowMs = Math.max(nowMs, next.wakesAtMs)
        next.wake()
      }
      nowMs = untilMs
    },
  }
}
