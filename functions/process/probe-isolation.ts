import type { Environment } from '#contracts/environments.ts'
import type { Launcher } from './launcher.ts'
import type { RunnerReport } from './runner-events.ts'

const patienceMs = 60_000

/** Stands where a script would stand and looks round. @returns what does not hold, undefined where all does */
export const probeIsolation = async (
  launcher: Launcher,
  software: Environment,
  outputDirectory: string,
  hidden: string,
): Promise<string | undefined> => {
  const told: { report?: RunnerReport; words: string } = { words: '' }
  const script = launcher.launch({
    software,
    name: 'probe',
    script: [],
    job: { mode: 'probe', outputDirectory, hidden },
    limits: { temporaryBytes: 16 * 1024 * 1024 },
    onLog: (bytes) => {
      told.words = `${told.words}${bytes.toString('utf8')}`.slice(-500)
      return Promise.resolve()
    },
    onReport: (report) => {
      told.report = report
    },
  })
  const tooLong = setTimeout(script.end, patienceMs)
  const end = await script.ended
  clearTimeout(tooLong)
  if (told.report?.kind === 'probe') {
    return told.report.failed.length === 0 ? undefined : `not held: ${told.report.failed.join(', ')}`
  }
  const cause = end.kind === 'not-started' ? end.cause : `the probe came to no end (${end.kind})`
  return [cause, told.words.trim().split('\n').at(-1)].filter((part) => part !== undefined && part !== '').join(': ')
}
