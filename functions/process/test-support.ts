import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import type { ScriptFiles } from '#contracts/script.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import { plainProcessGroup } from './launch-plain.ts'
import type { LaunchedScript, RunnerJob } from './launcher.ts'
import type { RunnerReport, ScriptEnd } from './runner-events.ts'
import { scriptEnvironment } from './script-environment.ts'
import { jobMarker, openScratch, writeScript } from './scratch.ts'

/** `RUNNER_PYTHON` tries the runner with another interpreter than the one scripts have here. */
export const python = (): string => process.env['RUNNER_PYTHON'] ?? inject('python')

export const temporaryDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'process-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
  return directory
}

export const scriptFiles = (files: Readonly<Record<string, string | Buffer>>): ScriptFiles =>
  Object.entries(files).map(([name, content]) => ({ name, base64: Buffer.from(content).toString('base64') }))

export type RunnerRun = {
  readonly output: string
  readonly marker: string
  readonly script: LaunchedScript
  readonly reports: RunnerReport[]
  readonly log: () => string
}

/** Starts a script under the runner, as `process` does. */
export const startRunner = async (
  files: Readonly<Record<string, string | Buffer>>,
  options: {
    readonly mode?: RunnerJob['mode']
    readonly given?: GivenArguments
    readonly inputFile?: string | readonly string[]
    readonly interpreter?: string
  } = {},
): Promise<RunnerRun> => {
  const directory = await temporaryDirectory()
  const scratch = await openScratch(join(directory, 'scratch'))
  const job = await scratch.openJob('1-1')
  await writeScript(job.scriptDirectory, scriptFiles(files))
  const output = join(directory, 'output')
  await mkdir(output)
  const parts: Buffer[] = []
  const reports: RunnerReport[] = []
  const interpreter = options.interpreter ?? python()
  const marker = jobMarker(job.name)
  const script = plainProcessGroup.launch({
    interpreter,
    scratch: job.directory,
    marker,
    environment: scriptEnvironment({
      interpreter,
      extra: {},
      home: job.home,
      temporary: job.temporary,
      cache: await scratch.cache('tests'),
      job: job.name,
      timeZone: undefined,
    }),
    job:
      options.mode === 'read-variables'
        ? { mode: 'read-variables', scriptDirectory: job.scriptDirectory }
        : {
            mode: 'reduce',
            scriptDirectory: job.scriptDirectory,
            inputFile: options.inputFile ?? '/archive/WISH00044733.nxs',
            outputDirectory: `${output}/`,
            given: options.given ?? [],
          },
    onLog: (bytes) => {
      parts.push(bytes)
      return Promise.resolve()
    },
    onReport: (report) => reports.push(report),
  })
  return { output, marker, script, reports, log: () => Buffer.concat(parts).toString('utf8') }
}

export type RunnerResult = {
  readonly end: ScriptEnd
  readonly log: string
  readonly output: string
  readonly report: <Kind extends RunnerReport['kind']>(kind: Kind) => Extract<RunnerReport, { kind: Kind }>
}

/** Runs a script to its end. */
export const runRunner = async (...parameters: Parameters<typeof startRunner>): Promise<RunnerResult> => {
  const run = await startRunner(...parameters)
  const end = await run.script.ended
  return {
    end,
    log: run.log(),
    output: run.output,
    report: (kind) => {
      const found = run.reports.find((report) => report.kind === kind)
      if (found?.kind !== kind)
        throw new Error(`no ${kind} among ${JSON.stringify(run.reports)}; the log: ${run.log()}`)
      return found as Extract<RunnerReport, { kind: typeof kind }>
    },
  }
}
