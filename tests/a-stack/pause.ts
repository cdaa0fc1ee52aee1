import { setTimeout as wait } from 'node:timers/promises'

export const pause = (ms: number): Promise<void> => wait(ms)

/** Looks until it is so. @returns whether it came to be within the time */
export const becomesTrue = async (
  test: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 250,
): Promise<boolean> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    if (await test()) return true
    if (performance.now() > deadline) return false
    await pause(everyMs)
  }
}
