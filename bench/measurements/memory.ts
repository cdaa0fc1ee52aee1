import { setTimeout as wait } from 'node:timers/promises'
import { memoryOf } from '../../local/processes/memory-of.ts'
import type { Figure, Measurement } from '../figure.ts'
import type { BenchStack } from '../stack/bench-stack.ts'

/** Two passes of detection by cron, so that every process has done its usual work. */
const settleMs = 21_000

/** Memory of each process of the stack when it has nothing to do. */
export const memory: Measurement = {
  name: 'memory',
  measure: async (stack) => {
    await wait(settleMs)
    const own = await memoryByName(stack)
    const services = await memoryOf(stack.services().map(({ pid }) => pid))
    const sum = [...own.values()].reduce((left, right) => left + right, 0)
    return [
      ...[...own].map(([name, value]): Figure => ({ name: `memory-${name}`, value, unit: 'MiB' })),
      ...stack.services().map(({ name, pid }): Figure => ({
        name: `memory-${name}`,
        value: services.get(pid) ?? 0,
        unit: 'MiB',
        note: 'not in the sum',
      })),
      { name: 'memory-idle-stack', value: sum, unit: 'MiB', target: 1024, note: 'without database and broker' },
    ]
  },
}

/** Each with its children; replicas of one function together. */
const memoryByName = async (stack: BenchStack): Promise<ReadonlyMap<string, number>> => {
  const processes = await stack.processes()
  const found = await memoryOf(processes.map(({ pid }) => pid))
  const byName = new Map<string, number>()
  for (const { name, pid } of processes) byName.set(name, (byName.get(name) ?? 0) + (found.get(pid) ?? 0))
  return byName
}
