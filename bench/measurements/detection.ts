import { z } from 'zod'
import type { Figure, Measurement } from '../figure.ts'
import type { BenchStack } from '../stack/bench-stack.ts'
import { middle, numbersFrom, timed } from '../statistics.ts'
import { withProcessorTime } from './processor-time.ts'
import { detect, pause, watchOnly } from './instruments.ts'

const sizes = [1, 100, 1_000] as const
const [quietRounds, busyRounds, longestMs] = [9, 5, 25_000]
const first = 1_000

/**
 * One pass of detection, through the gateway, until its answer: with nothing new anywhere, and with one new run at every instrument, which is
 * then recorded and handed to submit, which reads its file. Cron's own passes go on; one that takes some of the new runs spoils the round.
 */
export const detection: Measurement = {
  name: 'detection',
  measure: async (stack) => {
    const figures: Figure[] = []
    let lastRun = first
    for (const size of sizes) {
      const instruments = numbersFrom(1, size).map((number) => `WATCH${number}`)
      await watchOnly(stack, instruments, lastRun)
      await pause(stack, true, 'WATCH%')
      const target = size === 1_000 ? 1_000 : undefined
      const quiet: number[] = []
      const { cost } = await withProcessorTime(stack, async () => {
        for (let round = 0; round < quietRounds; round += 1) quiet.push((await timed(() => detect(stack))).ms)
      })
      figures.push({
        name: `pass-${size}-nothing-new`,
        value: middle(quiet),
        unit: 'ms',
        target,
        note: `${best(quiet)}, ${Math.round((cost.total / quietRounds) * 1000)} ms of processor time`,
      })

      const busy: { ms: number; recordedMs: number; processorMs: number }[] = []
      const until = performance.now() + longestMs
      while (busy.length < busyRounds && (busy.length === 0 || performance.now() < until)) {
        lastRun += 1
        const pass = await passWithNewRuns(stack, instruments, lastRun)
        if (pass.found === size) busy.push(pass)
      }
      const times = busy.map(({ ms }) => ms)
      figures.push({
        name: `pass-${size}-one-new-run-each`,
        value: middle(times),
        unit: 'ms',
        note: `${best(times)}, ${Math.round(middle(busy.map(({ processorMs }) => processorMs)))} ms of processor time`,
      })
      figures.push({
        name: `pass-${size}-one-new-run-each-recorded`,
        value: middle(busy.map(({ recordedMs }) => recordedMs)),
        unit: 'ms',
        target,
        note: 'until all are in the database',
      })
      await untilHandedOver(stack)
    }
    return figures
  },
}

const passWithNewRuns = async (stack: BenchStack, instruments: readonly string[], lastRun: number) => {
  for (const instrument of instruments) await stack.archive.addRuns(instrument, [lastRun])
  for (const instrument of instruments) await stack.archive.announce(instrument, lastRun)
  const { result: pass, cost } = await withProcessorTime(stack, async () => {
    const beganAt = Date.now()
    return { beganAt, ...(await timed(() => detect(stack))) }
  })
  const [recorded] = await stack.database.rows(
    z.object({ at: z.date() }),
    'SELECT MAX(detected_at) AS at FROM detections WHERE run_number = ?',
    [lastRun],
  )
  await untilHandedOver(stack)
  return {
    ms: pass.ms,
    found: pass.result.found,
    recordedMs: (recorded?.at.getTime() ?? Number.NaN) - pass.beganAt,
    processorMs: cost.total * 1000,
  }
}

/** A pass that finds nothing has waited for all that was handed over. */
const untilHandedOver = async (stack: BenchStack): Promise<void> => {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { found, handed } = await detect(stack)
    if (found === 0 && handed === 0) return
  }
}

const best = (times: readonly number[]): string => `best ${Math.round(Math.min(...times))}`
