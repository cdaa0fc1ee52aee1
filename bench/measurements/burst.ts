import { runToEnd } from '../../local/processes/run-to-end.ts'
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
 * prepared interpreter, and once under bubblewrap. New runs of six instruments may use every slot, once while V8 still compiles what it runs and once after that; those of one leave the last
 * free slot to others; its re-runs in bulk use half the slots. Beside them a bare Python, whose start says how fast the processors are.
 */
export const burst: Measurement = {
  name: 'burst',
  measure: async (stack) => {
    await watchOnly(stack, [...many, single], 100)
    const [share, more] = [numbersFrom(1, size / many.length), numbersFrom(size / many.length + 1, size / many.length)]
    for (const instrument of many) await stack.archive.addRuns(instrument, [...share, ...more])
    await stack.archive.addRuns(single, numbersFrom(1, size))

    const ofManyAtFirst = await perSecond(stack, () =>
      Promise.all(many.map((instrument) => submitDetected(stack, instrument, share))),
    )
    const ofMany = await perSecond(stack, () =>
      Promise.all(many.map((instrument) => submitDetected(stack, instrument, more))),
    )
    const bareMs = await processorTimeOfBarePython(stack)
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
      { name: 'noop-reductions-six-instruments-at-first', ...ofManyAtFirst.rate, target: 20 },
      { name: 'noop-reductions-six-instruments-bubblewrap', ...bubblewrapped.rate, target: 20 },
      { name: 'noop-reductions-one-instrument', ...ofOne.rate, target: 15 },
      { name: 'noop-reductions-bulk-rerun', ...again.rate, target: 15 },
      { name: 'noop-processor-time', value: ofMany.msEach, unit: 'ms', note: 'for one reduction' },
      { name: 'noop-processor-time-at-first', value: ofManyAtFirst.msEach, unit: 'ms', note: 'for one reduction' },
      { name: 'bare-python-processor-time', value: bareMs, unit: 'ms', note: 'from its start to its end' },
      { name: 'noop-processor-time-of-bare-python', value: ofMany.msEach / bareMs, unit: 'ratio' },
      { name: 'noop-processor-time-bubblewrap', value: bubblewrapped.msEach, unit: 'ms', note: 'for one reduction' },
      ...[...ofMany.cost.byName].map(([name, seconds]): Figure => {
        return { name: `noop-processor-time-${name}`, value: (seconds / ofMany.count) * 1000, unit: 'ms' }
      }),
    ]
  },
}

const bareStarts = 20
const startedBare = `import resource, subprocess, sys
for _ in range(${bareStarts}): subprocess.run([sys.executable, '-c', 'pass'], check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print((used.ru_utime + used.ru_stime) * 1000 / ${bareStarts})`

const processorTimeOfBarePython = async ({ software, folder }: BenchStack): Promise<number> =>
  Number(await runToEnd(software.interpreter, ['-c', startedBare], { directory: folder }))

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
