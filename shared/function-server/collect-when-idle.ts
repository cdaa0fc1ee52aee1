import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How often a process looks at itself. */
const lookEveryMs = 5_000
/** Below this part of the last look's time at work, a pause of some 20 ms disturbs nobody. */
const idleUtilization = 0.05
/** Below this, neither does one of some 80 ms, nor code that has to be compiled again. */
const restingUtilization = 0.01
/** A heap is not worth collecting for less than this, nor for less than a tenth of it. */
const leastGarbageBytes = 2 * 1024 * 1024

export type HeapLook = {
  readonly usedBytes: number
  /** What was alive after the last collection of ours. */
  readonly aliveBytes: number
  /** The event loop's share of the time since the last look, 0 to 1. */
  readonly utilization: number
  /** Nothing much has happened since the last thorough collection. */
  readonly isTidy: boolean
}

export type Collection = 'none' | 'quick' | 'thorough'

/** Has enough been left behind since the last collection, and is there nothing else to do? */
export const collectionFor = ({ usedBytes, aliveBytes, utilization, isTidy }: HeapLook): Collection => {
  if (utilization < restingUtilization && !isTidy) return 'thorough'
  const isWorthIt = usedBytes - aliveBytes > Math.max(leastGarbageBytes, aliveBytes / 10)
  return utilization < idleUtilization && isWorthIt ? 'quick' : 'none'
}

/**
 * Gives memory back after work. V8 lets a heap grow while it is used and looks at it again when it is used again: on a machine with much
 * memory a function of 45 MB stays at 170 after a night of reductions, for ever. So a process that has become idle collects, and once it
 * rests, thoroughly: that also gives back the code that was compiled for the work, some 5 to 10 MB, and pages that are half empty.
 */
export const collectWhenIdle = (): void => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as NodeJS.GCFunction | undefined
  if (typeof collect !== 'function') return
  let aliveBytes = getHeapStatistics().used_heap_size
  let isTidy = false
  let before = performance.eventLoopUtilization()
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    const collection = collectionFor({
      usedBytes: getHeapStatistics().used_heap_size,
      aliveBytes,
      utilization,
      isTidy,
    })
    if (utilization >= idleUtilization) isTidy = false
    if (collection === 'none') return
    isTidy = collection === 'thorough'
    collect({ type: 'major', execution: 'sync', flavor: isTidy ? 'last-resort' : 'regular' })
    aliveBytes = getHeapStatistics().used_heap_size
    // Our own pause is not the process's work.
    before = performance.eventLoopUtilization()
  }, lookEveryMs).unref()
}
