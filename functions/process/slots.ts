import { setTimeout as wait } from 'node:timers/promises'
import type { StopSwitch } from './watch-script.ts'

/** The reductions that may run here at a time. */
export type Slots = {
  /** Undefined where all are taken or none is given any more. */
  readonly take: (stopSwitch: StopSwitch) => { readonly leave: () => void } | undefined
  readonly taken: () => number
  /** Gives no slot any more. */
  readonly close: () => void
  /** Waits until all are free; after `patienceMs` releases what still runs, and waits for that. */
  readonly drain: (patienceMs: number) => Promise<void>
}

export const openSlots = (count: number): Slots => {
  const running = new Set<StopSwitch>()
  let isClosed = false
  let onEmpty = (): void => undefined
  return {
    take: (stopSwitch) => {
      if (isClosed || running.size >= count) return undefined
      running.add(stopSwitch)
      return {
        leave: () => {
          running.delete(stopSwitch)
          if (running.size === 0) onEmpty()
        },
      }
    },
    taken: () => running.size,
    close: () => {
      isClosed = true
    },
    drain: async (patienceMs) => {
      isClosed = true
      if (running.size === 0) return
      const empty = new Promise<void>((resolve) => {
        onEmpty = resolve
      })
      const patience = new AbortController()
      await Promise.race([empty, wait(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)])
      patience.abort()
      for (const stopSwitch of running) stopSwitch.stop('released')
      if (running.size > 0) await empty
    },
  }
}
