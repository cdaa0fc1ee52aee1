import type { BenchStack } from '../stack/bench-stack.ts'

/** Has these instruments watched, and no others, and waits until each has been seen once. */
export const watchOnly = async (stack: BenchStack, instruments: readonly string[], lastRun: number): Promise<void> => {
  await stack.archive.addInstruments(instruments, lastRun)
  await stack.archive.watch(instruments)
  const summary = await detect(stack)
  if (summary.looked !== instruments.length) {
    throw new Error(`of ${instruments.length} instruments ${summary.looked} were looked at: ${JSON.stringify(summary)}`)
  }
}

export type PassSummary = {
  readonly instruments: number
  readonly looked: number
  readonly found: number
  readonly handed: number
}

/** One pass of detection, now. */
export const detect = async ({ url }: BenchStack): Promise<PassSummary> => {
  const answer = await fetch(`${url}/function/detect`, { method: 'POST' })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`detect answered ${answer.status}: ${text}`)
  return JSON.parse(text) as PassSummary
}

/** What is submitted for them stays in the line: submitting is measured, not reducing. */
export const pause = async ({ database }: BenchStack, isPaused: boolean, like: string): Promise<void> => {
  await database.change('UPDATE instruments SET is_paused = ? WHERE name LIKE ?', [isPaused, like])
}
