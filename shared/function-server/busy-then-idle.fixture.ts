import { getHeapStatistics } from 'node:v8'
import { collectWhenIdle } from './collect-when-idle.ts'

/** Leaves 60 MB behind, tells what is used then, and again once it has become little. */
collectWhenIdle()
let left: unknown[] | undefined = Array.from({ length: 2_000_000 }, (_, place) => ({ place }))
const usedBytes = (): number => getHeapStatistics().used_heap_size
process.send?.(usedBytes())
console.log(left.length)
left = undefined
setInterval(() => {
  if (usedBytes() < 20 * 1024 * 1024) process.send?.(usedBytes())
}, 200)
