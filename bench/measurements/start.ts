import { setTimeout as wait } from 'node:timers/promises'
import type { Measurement } from '../figure.ts'
import { middle, numbersFrom, percentile } from '../statistics.ts'
import { watchOnly } from './instruments.ts'
import { newestReduction, untilCompleted } from './reductions.ts'

const instruments = numbersFrom(1, 30).map((number) => `START${number}`)
const spreadMs = 50_000

/** From the change of lastrun.txt until the reduction is Processing, with cron's own passes, at moments spread over ten of its turns. */
export const start: Measurement = {
  name: 'start',
  measure: async (stack) => {
    await watchOnly(stack, instruments, 1)
    for (const instrument of instruments) await stack.archive.addRuns(instrument, [2])
    const since = await newestReduction(stack)
    const announced = new Map<string, number>()
    for (const instrument of instruments) {
      announced.set(instrument, await stack.archive.announce(instrument, 2))
      await wait(spreadMs / instruments.length)
    }
    const ended = await untilCompleted(stack, since, instruments.length, { everyMs: 250, withinMs: 60_000 })
    const delays = ended.map(
      ({ instrument, startedAt }) => ((startedAt ?? 0) - (announced.get(instrument) ?? Number.NaN)) / 1000,
    )
    return [
      { name: 'lastrun-to-processing', value: middle(delays), unit: 's' },
      { name: 'lastrun-to-processing-p95', value: percentile(delays, 0.95), unit: 's', target: 15 },
    ]
  },
}
