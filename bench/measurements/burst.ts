import type { Figure, Measurement } from '../figure.ts'
import type { BenchStack } from '../stack/bench-stack.ts'
import { numbersFrom } from '../statistics.ts'
import { watchOnly } from './instruments.ts'
import { withProcessorTime } from './processor-time.ts'
import { newestReduction, submitDetected, submitRuns, completedWithin } from './reductions.ts'

const size = 300
/** On a machine that is busy with other things the rate of what came through by then is given. */
const longestMs = 45_000
const many = numbersFrom(1, 6).map((number) => `BURST${number}`)
/** Larger ones would count as bulk and use half the slots. */
const smallRequests = ['1-20', '21-40', '41-50']
const single = 'BURSTONE'

/**
 * Reductions that do nothing, as many a second as come through: from the first submission until the last is Completed, isolated as forks of a
 * prepared interpreter, and once under bubblewrap. New runs of six instruments may use every slot; those of one leave the last free slot to others; its re-runs in bulk use half the slots.
 */
export const burst: Measurement = {
  name: 'burst',
  measure: async (stack) => {
    await watchOnly(stack, [...many, single], 100)
    const share = numbersFrom(1, size / many.length)
    for (const instrument of many) await stack.archive.addRuns(instrument, share)
    await stack.archive.addRuns(single, numbersFrom(1, size))

    const ofMany = await perSecond(stack, () =>
      Promise.all(many.map((instrument) => submitDetected(stack, instrument, share))),
    )
    const bubblewrapped = await perSecond(stack, () =>
      Promise.all(
        many.flatMap((instrument) =>
          smallRequests.map((runs) => submitRuns(stack, instrument, runs, stack.bareSoftware)),
        ),
      ),
    )
    const ofOne = await perSecond(stack, () => submitDetected(stack, single, numbersFrom(1, size)))
    const again = await perSecond(stack, () => submitRuns(stack, single, `1-${size}`))
    return [
      { name: 'noop-reductions-six-instruments', ...ofMany.rate, target: 20 },
      { name: 'noop-reductions-six-instruments-bubblewrap', ...bubblewrapped.rate, target: 20 },
      { name: 'noop-reductions-one-instrument', ...ofOne.rate, target: 15 },
      { name: 'noop-reductions-bulk-rerun', ...again.rate, target: 15 },
      { name: 'noop-processor-time', value: ofMany.msEach, unit: 'ms', note: 'for one reduction' },
      { name: 'noop-processor-time-bubblewrap', value: bubblewrapped.msEach, unit: 'ms', note: 'for one reduction' },
      ...[...ofMany.cost.byName].map(([name, seconds]): Figure => {
        return { name: `noop-processor-time-${name}`, value: (seconds / ofMany.count) * 1000, unit: 'ms' }
      }),
    ]
  },
}

const perSecond = async (stack: BenchStack, submit: () => Promise<unknown>) => {
  const { result, cost } = await withProcessorTime(stack, async () => {
    const since = await newestReduction(stack)
    const began = Date.now()
    await submit()
    const ended = await completedWithin(stack, since, size, longestMs)
    const until = ended.length < size ? began + longestMs : Math.max(...ended.map(({ finishedAt }) => finishedAt ?? 0))
    return { count: ended.length, perSecond: (ended.length * 1000) / (until - began) }
  })
  const note = `other programs used ${Math.round(cost.others * 100)} % of the machine`
  return {
    msEach: (cost.total / result.count) * 1000,
    cost,
    count: result.count,
    rate: { value: result.perSecond, unit: '1/s', note } as const,
  }
}
