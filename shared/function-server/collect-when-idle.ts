import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How often a process looks at itself. */
const lookEveryMs = 5_000
/** Below this part of the last look's time at work, a pause of some 20 ms disturbs nobody. */
const idleUtilization = 0.05
/** A heap is not worth collecting for less than this, nor for less than a tenth of it. */
const leastGarbageBytes = 2 * 1024 * 1024

export type HeapLook = {
  readonly usedBytes: number
  /** What was alive after the last collection of ours. */
  readonly aliveBytes: number
  /** The event loop's share of the time since the last look, 0 to 1. */
  readonly utilization: number
}

/** Has enough been left behind since the last collection, and is there nothing else to do? */
export const isTimeToCollect = ({ usedBytes, aliveBytes, utilization }: HeapLook): boolean =>
  utilization < idleUtilization && usedBytes - aliveBytes > Math.max(leastGarbageBytes, aliveBytes / 10)

/**
 * Gives memory back after work. V8 lets a heap grow while it is used and looks at it again when it is used again: on a machine with much
 * memory a function of 45 MB stays at 170 after a night of reductions, for ever. So a process that has become idle collects once.
 */
export const collectWhenIdle = (): void => {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect !== 'function') return
  let aliveBytes = getHeapStatistics().used_heap_size
  let before = performance.eventLoopUtilization()
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    if (!isTimeToCollect({ usedBytes: getHeapStatistics().used_heap_size, aliveBytes, utilization })) return
    collect()
    aliveBytes = getHeapStatistics().used_heap_size
  }, lookEveryMs).unref()
}
