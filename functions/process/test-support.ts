import { execFileSync } from 'node:child_process'
import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import { environmentsSchema, type Environment } from '#contracts/environments.ts'
import type { ScriptFiles } from '#contracts/script.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import { openEnvironmentPlaces } from './environment-places.ts'
import { aheadLauncher } from './launch-ahead.ts'
import { bubblewrapLauncher } from './launch-bubblewrap.ts'
import { plainLauncher } from './launch-plain.ts'
import { preparedLauncher } from './launch-prepared.ts'
import type { LaunchedScript, Launcher, RunnerJob, ScriptLimits } from './launcher.ts'
import type { RunnerReport, ScriptEnd } from './runner-events.ts'
import type { RunAs } from './runner-program.ts'
import { jobMarker, openScratch, type Scratch } from './scratch.ts'

/** `RUNNER_PYTHON` tries the runner with another interpreter than the one scripts have here. */
export const python = (): string => process.env['RUNNER_PYTHON'] ?? inject('python')

export const temporaryDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'process-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
  return directory
}

export const scriptFiles = (files: Readonly<Record<string, string | Buffer>>): ScriptFiles =>
  Object.entries(files).map(([name, content]) => ({ name, base64: Buffer.from(content).toString('base64') }))

export const testEnvironment = (given: Readonly<Record<string, unknown>> = {}): Environment => {
  const [environment] = environmentsSchema.parse([{ name: 'Python', version: '3', interpreter: python(), ...given }])
  if (!environment) throw new Error('no environment')
  return environment
}

/** A way to run scripts, with the places it works in. */
export type Bench = {
  readonly launcher: Launcher
  readonly scratch: Scratch
  /** Of this bench alone; `output-<n>` of each script lies in it. */
  readonly directory: string
  readonly runAs: RunAs
  readonly close: () => Promise<void>
}

export type Way = 'plain' | 'bubblewrap' | 'prepared' | 'ahead'

/** Opens a way for several scripts, one after the other or side by side. Whoever opens it closes it. */
export const openBench = async (
  way: Way,
  given: { readonly runAs?: RunAs; readonly readable?: readonly string[]; readonly hidden?: readonly string[] } = {},
): Promise<Bench> => {
  const { runAs = {}, readable = [], hidden = [] } = given
  // Not below /tmp: an isolated script has its own.
  const directory = await mkdtemp('/var/tmp/process-')
  const scratch = await openScratch(join(directory, 'scratch'))
  const launcher = await openWay(way, scratch, { readable, hidden }, runAs)
  if (runAs.uid !== undefined && runAs.gid !== undefined) {
    for (const path of [directory, join(directory, 'scratch'), scratch.directory])
      await chown(path, runAs.uid, runAs.gid)
  }
  return {
    launcher,
    scratch,
    directory,
    runAs,
    close: async () => {
      await launcher.close()
      await rm(directory, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

const openWay = async (
  way: Way,
  scratch: Scratch,
  shown: { readonly readable: readonly string[]; readonly hidden: readonly string[] },
  runAs: RunAs,
): Promise<Launcher> => {
  if (way === 'plain') return plainLauncher(scratch)
  const places = await openEnvironmentPlaces(scratch, shown)
  const say = (message: string): void => console.warn(message)
  switch (way) {
    case 'bubblewrap':
      return bubblewrapLauncher('bwrap', places, runAs)
    case 'prepared':
      return preparedLauncher(scratch.directory, places, say, runAs)
    case 'ahead':
      return aheadLauncher(places, say, runAs)
  }
}

/** An interpreter whose only package, `measured`, can be installed in another release. */
export const changeablePackage = async (
  directory: string,
): Promise<{ readonly interpreter: string; readonly install: (release: string) => Promise<void> }> => {
  const home = join(directory, 'environment')
  execFileSync(python(), ['-m', 'venv', '--without-pip', home])
  const [version = ''] = await readdir(join(home, 'lib'))
  const packages = join(home, 'lib', version, 'site-packages')
  return {
    interpreter: join(home, 'bin', 'python'),
    install: async (release) => {
      // As pip does: the folders of the old release go, those of the new one come.
      for (const name of await readdir(packages)) {
        if (name.startsWith('measured')) await rm(join(packages, name), { recursive: true })
      }
      await mkdir(join(packages, 'measured'))
      await mkdir(join(packages, `measured-${release}.dist-info`))
      await writeFile(join(packages, 'measured', '__init__.py'), `__version__ = '${release}'\n`)
    },
  }
}

export type RunnerRun = {
  readonly output: string
  readonly marker: string
  readonly script: LaunchedScript
  readonly reports: RunnerReport[]
  readonly log: () => string
}

export type RunnerOptions = {
  readonly bench?: Bench
  readonly mode?: Exclude<RunnerJob['mode'], 'probe'>
  readonly given?: GivenArguments
  readonly inputFile?: string | readonly string[]
  readonly interpreter?: string
  readonly software?: Environment
  readonly limits?: Partial<ScriptLimits>
  /** Takes the log instead of keeping it. */
  readonly onLog?: (bytes: Buffer) => void
}

let scripts = 0

/** Starts a script under the runner, as `process` does. */
export const startRunner = async (
  files: Readonly<Record<string, string | Buffer>>,
  options: RunnerOptions = {},
): Promise<RunnerRun> => {
  const bench = options.bench ?? (await openBench('plain'))
  if (!options.bench) onTestFinished(bench.close)
  scripts += 1
  const output = join(bench.directory, `output-${scripts}`)
  await mkdir(output)
  const { uid, gid } = bench.runAs
  if (uid !== undefined && gid !== undefined) await chown(output, uid, gid)
  const parts: Buffer[] = []
  const reports: RunnerReport[] = []
  const interpreter = options.interpreter
  const name = `${scripts}-1`
  const script = bench.launcher.launch({
    software: options.software ?? testEnvironment(interpreter === undefined ? {} : { interpreter }),
    name,
    script: scriptFiles(files),
    limits: { temporaryBytes: 64 * 1024 ** 2, ...options.limits },
    job:
      options.mode === 'read-variables'
        ? { mode: 'read-variables' }
        : {
            mode: 'reduce',
            inputFile: options.inputFile ?? '/archive/WISH00044733.nxs',
            outputDirectory: `${output}/`,
            given: options.given ?? [],
          },
    onLog: (bytes) => {
      if (options.onLog) options.onLog(bytes)
      else parts.push(Buffer.from(bytes))
      return Promise.resolve()
    },
    onReport: (report) => reports.push(report),
  })
  const marker = jobMarker(`${bench.scratch.processor}/${name}`)
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
