import type { Figure, Measurement } from '../figure.ts'
import type { BenchStack } from '../stack/bench-stack.ts'
import { middle, numbersFrom, timed } from '../statistics.ts'
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
      for (let round = 0; round < quietRounds; round += 1) quiet.push((await timed(() => detect(stack))).ms)
      figures.push({ name: `pass-${size}-nothing-new`, value: middle(quiet), unit: 'ms', target, note: best(quiet) })

      const busy: number[] = []
      const until = performance.now() + longestMs
      while (busy.length < busyRounds && (busy.length === 0 || performance.now() < until)) {
        lastRun += 1
        const pass = await passWithNewRuns(stack, instruments, lastRun)
        if (pass.found === size) busy.push(pass.ms)
      }
      figures.push({ name: `pass-${size}-one-new-run-each`, value: middle(busy), unit: 'ms', note: best(busy) })
      await untilHandedOver(stack)
    }
    return figures
  },
}

const passWithNewRuns = async (stack: BenchStack, instruments: readonly string[], lastRun: number) => {
  for (const instrument of instruments) await stack.archive.addRuns(instrument, [lastRun])
  for (const instrument of instruments) await stack.archive.announce(instrument, lastRun)
  const { ms, result } = await timed(() => detect(stack))
  await untilHandedOver(stack)
  return { ms, found: result.found }
}

/** A pass that finds nothing has waited for all that was handed over. */
const untilHandedOver = async (stack: BenchStack): Promise<void> => {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const { found, handed } = await detect(stack)
    if (found === 0 && handed === 0) return
  }
}

const best = (times: readonly number[]): string => `best ${Math.round(Math.min(...times))}`
