import type { Figure, Measurement } from '../figure.ts'
import type { BenchStack } from '../stack/bench-stack.ts'
import { numbersFrom } from '../statistics.ts'
import { watchOnly } from './instruments.ts'
import { newestReduction, submitDetected, submitRuns, untilCompleted } from './reductions.ts'

const size = 300
const many = numbersFrom(1, 6).map((number) => `BURST${number}`)
const single = 'BURSTONE'

/**
 * Reductions that do nothing, as many a second as come through: from the first submission until the last is Completed. New runs of six
 * instruments may use every slot; those of one leave the last free slot to others; its re-runs in bulk use half the slots.
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
    const ofOne = await perSecond(stack, () => submitDetected(stack, single, numbersFrom(1, size)))
    const again = await perSecond(stack, () => submitRuns(stack, single, `1-${size}`))
    return [
      { name: 'noop-reductions-six-instruments', value: ofMany, unit: '1/s', target: 15 },
      { name: 'noop-reductions-one-instrument', value: ofOne, unit: '1/s', target: 15 },
      { name: 'noop-reductions-bulk-rerun', value: again, unit: '1/s', target: 15, note: 'half the slots' },
    ] satisfies Figure[]
  },
}

const perSecond = async (stack: BenchStack, submit: () => Promise<unknown>): Promise<number> => {
  const since = await newestReduction(stack)
  const began = Date.now()
  await submit()
  const ended = await untilCompleted(stack, since, size, { everyMs: 200, withinMs: 120_000 })
  return (size * 1000) / (Math.max(...ended.map(({ finishedAt }) => finishedAt ?? 0)) - began)
}
