import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { familiesOf } from '../../local/processes/families.ts'
import { secondsOf, ticksPerSecond } from '../../local/processes/processor-seconds.ts'
import type { BenchStack } from '../stack/bench-stack.ts'

type Reading = { readonly byName: ReadonlyMap<string, number>; readonly machineBusy: number; readonly at: number }

/** What a piece of work cost in processor time, which other programs on the machine change much less than they change its duration. */
export type ProcessorTime = {
  /** Seconds. What a process started counts by itself, as `<name>-children`: of `process` scripts, of others reader processes. */
  readonly byName: ReadonlyMap<string, number>
  readonly total: number
  /** The share of the machine's processors that other programs used meanwhile, 0 to 1. */
  readonly others: number
}

export const withProcessorTime = async <Result>(
  stack: BenchStack,
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly cost: ProcessorTime }> => {
  const before = await readAll(stack)
  const result = await work()
  const after = await readAll(stack)
  const byName = new Map([...after.byName].map(([name, seconds]) => [name, seconds - (before.byName.get(name) ?? 0)]))
  const total = [...byName.values()].reduce((left, right) => left + right, 0)
  const elsewhere = after.machineBusy - before.machineBusy - total
  const others = Math.max(0, elsewhere / (((after.at - before.at) / 1000) * cpus().length))
  return { result, cost: { byName, total, others } }
}

const readAll = async (stack: BenchStack): Promise<Reading> => {
  const processes = [...(await stack.processes()), ...stack.services()]
  const byName = new Map<string, number>()
  const add = (name: string, seconds: number): unknown => byName.set(name, (byName.get(name) ?? 0) + seconds)
  const families = await familiesOf(processes.map(({ pid }) => pid))
  for (const { name, pid } of processes) {
    const [itself, ...descendants] = await Promise.all((families.get(pid) ?? []).map(secondsOf))
    add(name, itself?.own ?? 0)
    const ofChildren = descendants.reduce((sum, { own, children }) => sum + own + children, itself?.children ?? 0)
    if (ofChildren > 0) add(`${name}-children`, ofChildren)
  }
  return { byName, machineBusy: await machineBusySeconds(), at: performance.now() }
}

const machineBusySeconds = async (): Promise<number> => {
  const [first = ''] = (await readFile('/proc/stat', 'utf8')).split('\n')
  const [user = 0, nice = 0, system = 0, , , interrupt = 0, soft = 0] = first.split(/\s+/).slice(1).map(Number)
  return (user + nice + system + interrupt + soft) / ticksPerSecond
}
