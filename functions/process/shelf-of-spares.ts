import type { Spare } from './spare-interpreter.ts'
import { messageOf } from './supervise-runner.ts'

/** The interpreters of one environment that wait for a script: one, ready or about to be. */
export type Shelf = {
  /**
   * The one that waits, once it is ready; nobody else gets it. Where there is none, another that is started now.
   * @throws where it could not be started, or as soon as it is unwanted: then it waits for the next
   */
  readonly take: (unwanted: AbortSignal) => Promise<Spare>
  /** Starts one where none waits, and waits until it is ready. Leaves it to the next pass where the last ones died. */
  readonly fill: () => Promise<void>
  /** Ends those that wait. */
  readonly close: () => void
}

/** After so many in a row that died before a script had them. */
export const pauseMsAfter = (deaths: number): number => Math.min(60_000, 1_000 * 2 ** (deaths - 1))

export const openShelf = (
  start: () => Spare,
  say: (message: string) => void,
  pauseMs: (deaths: number) => number = pauseMsAfter,
): Shelf => {
  /** The oldest first. More than one only for a moment. */
  const waiting: Spare[] = []
  let deaths = 0
  let pause: NodeJS.Timeout | undefined
  let isClosed = false

  const stock = (): void => {
    if (isClosed || pause !== undefined || waiting.length > 0) return
    const spare = start()
    waiting.push(spare)
    void spare.gone.then(() => bury(spare))
  }

  const bury = async (spare: Spare): Promise<void> => {
    const place = waiting.indexOf(spare)
    if (place === -1) return
    waiting.splice(place, 1)
    deaths += 1
    const pausingMs = pauseMs(deaths)
    pause = setTimeout(() => {
      pause = undefined
      stock()
    }, pausingMs)
    const why = await spare.ready.then(() => 'it ended while it waited for a script', messageOf)
    say(`an interpreter that was started ahead is lost (${why}); the next is started in ${pausingMs / 1000} s`)
  }

  const giveBack = (spare: Spare): void => {
    waiting.unshift(spare)
    const surplus = isClosed ? waiting.splice(0) : waiting.splice(1)
    for (const one of surplus) void one.end()
    void spare.gone.then(() => bury(spare))
  }

  return {
    take: async (unwanted) => {
      const spare = waiting.shift() ?? start()
      try {
        await Promise.race([spare.ready, rejectedBy(unwanted)])
      } catch (cause) {
        if (unwanted.aborted) giveBack(spare)
        throw cause
      }
      deaths = 0
      clearTimeout(pause)
      pause = undefined
      // Not before: two that import at once would take longer, and somebody waits for this one.
      stock()
      return spare
    },
    fill: async () => {
      stock()
      await waiting[0]?.ready.catch(() => undefined)
    },
    close: () => {
      isClosed = true
      clearTimeout(pause)
      for (const spare of waiting.splice(0)) void spare.end()
    },
  }
}

const rejectedBy = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = (): void => reject(new Error('nobody waits for it any more'))
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
