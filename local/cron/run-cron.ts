import type { ScheduledFunction } from './scheduled-functions.ts'

export type Clock = {
  now(): Date
  /** Calls once after a while; the answer takes it back. */
  after(ms: number, act: () => void): () => void
}

export const systemClock: Clock = {
  now: () => new Date(),
  after: (ms, act) => {
    // Longer than Node's timers reach: woken early, it finds that nothing is due and sleeps on.
    const timer = setTimeout(act, Math.min(ms, 2 ** 31 - 1))
    return () => clearTimeout(timer)
  },
}

/**
 * Calls each function when it is due. Like OpenFaaS' cron connector it neither prevents a run that overlaps the one
 * before nor makes up for missed ones: functions take care of both themselves.
 */
export function runCron(call: (address: string) => void, clock: Clock = systemClock) {
  const waiting = new Map<string, { text: string; cancel: () => void }>()

  const plan = (one: ScheduledFunction, after: Date) => {
    const due = one.schedule.next(after)
    if (due === undefined) return waiting.delete(one.address)
    const cancel = clock.after(Math.max(0, due.getTime() - clock.now().getTime()), () => {
      if (clock.now() < due) return plan(one, after)
      call(one.address)
      // After a machine's sleep the missed ones are not made up for.
      const isLate = clock.now().getTime() - due.getTime() > 1_000
      plan(one, isLate ? clock.now() : due)
    })
    waiting.set(one.address, { text: one.text, cancel })
  }

  return {
    /** Takes over a new list; a function whose schedule stays the same keeps its beat. */
    become: (wanted: readonly ScheduledFunction[]): void => {
      for (const [address, { text, cancel }] of waiting) {
        if (wanted.some((one) => one.address === address && one.text === text)) continue
        cancel()
        waiting.delete(address)
      }
      for (const one of wanted) if (!waiting.has(one.address)) plan(one, clock.now())
    },
    stop: (): void => {
      for (const { cancel } of waiting.values()) cancel()
      waiting.clear()
    },
  }
}
