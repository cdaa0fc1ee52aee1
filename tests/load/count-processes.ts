import { readFileSync } from 'node:fs'
import type { Stack } from '../a-stack/start-stack.ts'
import { pause } from '../a-stack/pause.ts'

/** Processes, their threads, and those of them that the kernel holds in a call that cannot be broken off, at one moment. */
export type Population = { readonly processes: number; readonly threads: number; readonly stuck: number }

const countNow = (stack: Stack): Population => {
  const found = stack.family().map(({ pid }) => statusOf(pid))
  return {
    processes: found.length,
    threads: found.reduce((sum, { threads }) => sum + threads, 0),
    stuck: found.filter(({ isStuck }) => isStuck).length,
  }
}

const statusOf = (pid: number): { readonly threads: number; readonly isStuck: boolean } => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return { threads: Number(/^Threads:\s*([0-9]+)/m.exec(status)?.[1] ?? 0), isStuck: /^State:\s*D/m.test(status) }
  } catch {
    return { threads: 0, isStuck: false }
  }
}

/** Counts the stack's processes every two seconds. @returns what gives the most there were of each since the last time it was asked */
export const watchPopulation = (stack: Stack): { readonly most: () => Population; readonly stop: () => void } => {
  const none: Population = { processes: 0, threads: 0, stuck: 0 }
  let most = none
  let isStopped = false
  void (async () => {
    while (!isStopped) {
      const now = countNow(stack)
      most = {
        processes: Math.max(most.processes, now.processes),
        threads: Math.max(most.threads, now.threads),
        stuck: Math.max(most.stuck, now.stuck),
      }
      await pause(2_000)
    }
  })()
  return {
    most: () => {
      const told = most
      most = none
      return told
    },
    stop: () => {
      isStopped = true
    },
  }
}
