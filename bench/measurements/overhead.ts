import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import type { Measurement } from '../figure.ts'
import { runToEnd } from '../../local/processes/run-to-end.ts'
import { noopScript } from '../../tests/a-stack/archive.ts'
import { middle, percentile, timed } from '../statistics.ts'
import { watchOnly } from './instruments.ts'
import { newestReduction, submitDetected, submitRuns, untilCompleted } from './reductions.ts'

const instrument = 'SINGLE'
const [rounds, longestMs] = [40, 25_000]

/**
 * One reduction at a time on an idle stack, from the request that submits it until it is Completed, by turns with a bare `python3 reduce.py`.
 */
export const overhead: Measurement = {
  name: 'overhead',
  measure: async (stack) => {
    await watchOnly(stack, [instrument], 100)
    await stack.archive.addRuns(instrument, [1])
    const script = join(stack.folder, 'bare-reduce.py')
    await writeFile(script, `${noopScript}\nmain("input", "output")\n`)
    const bare = (): Promise<string> => runToEnd(stack.python, [script], { directory: stack.folder })
    const isWarm = await newestReduction(stack)
    await submitDetected(stack, instrument, [1])
    await untilCompleted(stack, isWarm, 1, { everyMs: 20, withinMs: 30_000 })

    const parts: { bare: number; whole: number; line: number; script: number; rest: number }[] = []
    const until = performance.now() + longestMs
    for (let round = 0; round < rounds && performance.now() < until; round += 1) {
      const since = await newestReduction(stack)
      const sentAt = Date.now()
      await submitRuns(stack, instrument, '1')
      const [ended] = await untilCompleted(stack, since, 1, { everyMs: 25, withinMs: 30_000 })
      if (!ended) throw new Error('a reduction vanished')
      const { startedAt, finishedAt, scriptSeconds } = ended
      const whole = (finishedAt ?? 0) - sentAt
      const line = (startedAt ?? 0) - sentAt
      const run = (scriptSeconds ?? 0) * 1000
      parts.push({ bare: (await timed(bare)).ms, whole, line, script: run, rest: whole - line - run })
    }
    const of = (part: keyof (typeof parts)[number]): readonly number[] => parts.map((one) => one[part])
    const beyond = parts.map(({ whole, bare: alone }) => whole - alone)
    return [
      { name: 'noop-reduction', value: middle(of('whole')), unit: 'ms', note: 'submission to Completed' },
      { name: 'noop-reduction-p99', value: percentile(of('whole'), 0.99), unit: 'ms' },
      { name: 'bare-python', value: middle(of('bare')), unit: 'ms', note: 'python3 reduce.py' },
      { name: 'overhead', value: middle(beyond), unit: 'ms', target: 150 },
      { name: 'overhead-best-tenth', value: percentile(beyond, 0.1), unit: 'ms' },
      { name: 'overhead-ratio', value: middle(of('whole')) / middle(of('bare')), unit: 'ratio' },
      { name: 'overhead-until-started', value: middle(of('line')), unit: 'ms', note: 'submit, bell, claim' },
      { name: 'overhead-script', value: middle(of('script')), unit: 'ms', note: 'the script with its supervisor' },
      { name: 'overhead-rest', value: middle(of('rest')), unit: 'ms', note: 'staging, record, publishing' },
    ]
  },
}
