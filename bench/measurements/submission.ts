import type { Measurement } from '../figure.ts'
import { middle, numbersFrom, timed } from '../statistics.ts'
import { pause, watchOnly } from './instruments.ts'
import { withProcessorTime, type ProcessorTime } from './processor-time.ts'
import { emptyLine, submitDetected, submitRuns } from './reductions.ts'

const instrument = 'MANYRUNS'
const size = 1_000
const [rounds, longestMs] = [5, 20_000]

/** A thousand runs in one request, until the answer: new ones, whose files are read, and re-runs, as a person asks for them. */
export const submission: Measurement = {
  name: 'submission',
  measure: async (stack) => {
    await watchOnly(stack, [instrument], size)
    await pause(stack, true, instrument)
    await stack.archive.addRuns(instrument, numbersFrom(1, size))
    const first = await timed(() => submitDetected(stack, instrument, numbersFrom(1, size)))
    const again: { result: number; cost: ProcessorTime }[] = []
    const until = performance.now() + longestMs
    for (let round = 0; round < rounds && (round === 0 || performance.now() < until); round += 1) {
      again.push(
        await withProcessorTime(stack, async () => (await timed(() => submitRuns(stack, instrument, `1-${size}`))).ms),
      )
    }
    const times = again.map(({ result }) => result)
    const processorMs = Math.round(middle(again.map(({ cost }) => cost.total)) * 1000)
    await emptyLine(stack)
    return [
      { name: 'submit-1000-new-runs', value: first.ms, unit: 'ms' },
      {
        name: 'submit-1000-reruns',
        value: middle(times),
        unit: 'ms',
        target: 1_000,
        note: `${processorMs} ms of processor time`,
      },
      { name: 'submit-1000-reruns-best', value: Math.min(...times), unit: 'ms' },
    ]
  },
}
