import { setTimeout as wait } from 'node:timers/promises'
import { familiesOf } from '../../local/processes/families.ts'
import { pssOf } from '../../local/processes/memory-of.ts'
import type { Figure, Measurement } from '../figure.ts'
import type { BenchStack } from '../stack/bench-stack.ts'
import { numbersFrom } from '../statistics.ts'
import { watchOnly } from './instruments.ts'
import { newestReduction, submitDetected, submitRuns, untilCompleted } from './reductions.ts'

const instruments = numbersFrom(1, 6).map((number) => `GROW${number}`)
const [runsEach, warmUp, total] = [100, 1_000, 5_000]

/**
 * Has any process grown by 5,000 reductions? Compared with its size after the first 1,000, when all its code has been used. Each by itself: how many
 * readers it has at a moment is another question.
 */
export const growth: Measurement = {
  name: 'growth',
  onlyByName: true,
  measure: async (stack) => {
    await watchOnly(stack, instruments, 1_000)
    for (const instrument of instruments) await stack.archive.addRuns(instrument, numbersFrom(1, runsEach))
    const idle = await settledMemory(stack)
    for (const instrument of instruments) await submitDetected(stack, instrument, numbersFrom(1, runsEach))
    await reRun(stack, warmUp - runsEach * instruments.length)
    const before = await settledMemory(stack)
    await reRun(stack, total - warmUp)
    const after = await settledMemory(stack)
    return [...after].flatMap(([name, { own, children }]): Figure[] => [
      { name: `growth-${name}-idle`, value: idle.get(name)?.own ?? 0, unit: 'MiB' },
      { name: `growth-${name}-after-${total}`, value: own, unit: 'MiB' },
      { name: `growth-${name}`, value: own / (before.get(name)?.own ?? own), unit: 'ratio', target: 1.1 },
      ...(children.length > 0 ? [childrenFigure(name, before.get(name)?.children ?? [], children)] : []),
    ])
  },
}

/** What it has started: not necessarily the same processes, so without a promise. */
const childrenFigure = (name: string, before: readonly number[], after: readonly number[]): Figure => ({
  name: `growth-${name}-children-after-${total}`,
  value: sumOf(after),
  unit: 'MiB',
  note: `${after.length} processes; after ${warmUp} there were ${before.length} with ${Math.round(sumOf(before))} MiB`,
})

const sumOf = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0)

/** In requests of twenty: larger ones would count as bulk and use half the slots. */
const reRun = async (stack: BenchStack, count: number): Promise<void> => {
  for (let done = 0; done < count;) {
    const since = await newestReduction(stack)
    let sent = 0
    for (const instrument of instruments) {
      for (const from of [1, 21, 41, 61, 81]) {
        if (done + sent >= count) break
        sent += (await submitRuns(stack, instrument, `${from}-${Math.min(from + 19, from + count - done - sent - 1)}`))
          .length
      }
    }
    await untilCompleted(stack, since, sent, { everyMs: 500, withinMs: 300_000 })
    done += sent
  }
}

type Size = { readonly own: number; readonly children: readonly number[] }

const settledMemory = async (stack: BenchStack): Promise<ReadonlyMap<string, Size>> => {
  await wait(21_000)
  const processes = await stack.processes()
  const families = await familiesOf(processes.map(({ pid }) => pid))
  const sizes = processes.map(async ({ name, pid }): Promise<[string, Size]> => {
    const [own = 0, ...children] = await Promise.all((families.get(pid) ?? []).map(pssOf))
    return [name, { own, children }]
  })
  return new Map(await Promise.all(sizes))
}
