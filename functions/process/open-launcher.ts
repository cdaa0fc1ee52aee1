import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '#contracts/environments.ts'
import { SettingsFault } from '#function-server/settings.ts'
import { openEnvironmentPlaces } from './environment-places.ts'
import { aheadLauncher, type AheadLauncher } from './launch-ahead.ts'
import { bubblewrapLauncher } from './launch-bubblewrap.ts'
import { plainLauncher } from './launch-plain.ts'
import { preparedLauncher, type PreparedLauncher } from './launch-prepared.ts'
import type { Isolation, Launcher } from './launcher.ts'
import { probeIsolation } from './probe-isolation.ts'
import type { Scratch } from './scratch.ts'

export type IsolationReport = {
  readonly asked: Isolation
  /** What holds, or why it does not. */
  readonly preparedWorkers: string
  readonly bubblewrap: string
  readonly isIsolated: boolean
}

export type OpenedLauncher = {
  readonly launcher: Launcher
  readonly report: IsolationReport
  readonly prepare: (software: Environment) => Promise<void>
  readonly keepOnly: (environments: readonly Environment[]) => void
}

const holds = 'holds'

/**
 * Tries which ways of isolating a script hold on this machine, and gives a launcher that takes for each environment the best of them.
 * @throws {SettingsFault} where isolation is required and none holds
 */
export const openLauncher = async (
  scratch: Scratch,
  given: {
    readonly isolation: Isolation
    readonly environments: readonly Environment[]
    readonly readable: readonly string[]
    readonly hidden: readonly string[]
    readonly say: (message: string) => void
  },
): Promise<OpenedLauncher> => {
  const plain = plainLauncher(scratch)
  const [probed] = given.environments
  if (given.isolation === 'none' || !probed) {
    if (given.isolation === 'required')
      throw new SettingsFault(refusal('there is no software environment to try it with'))
    const untried = given.isolation === 'none' ? 'not tried: REDUCTION_ISOLATION is none' : 'not tried'
    return {
      launcher: plain,
      report: { asked: given.isolation, preparedWorkers: untried, bubblewrap: untried, isIsolated: false },
      prepare: () => Promise.resolve(),
      keepOnly: () => undefined,
    }
  }
  const places = await openEnvironmentPlaces(scratch, { readable: given.readable, hidden: given.hidden })
  const prepared = preparedLauncher(scratch.directory, places, given.say)
  const ahead = aheadLauncher(places, given.say)
  const bubblewrap = bubblewrapLauncher('bwrap', places)
  // Without imports: it is the machine that is tried, and nobody should wait for Mantid.
  const bare = { ...probed, imports: [], network: false }
  const [preparedWorkers, bubblewrapWorks] = await Promise.all([probe(prepared, bare), probe(bubblewrap, bare)])
  prepared.keepOnly([])
  const isIsolated = preparedWorkers === holds || bubblewrapWorks === holds
  const report = { asked: given.isolation, preparedWorkers, bubblewrap: bubblewrapWorks, isIsolated }
  if (!isIsolated && given.isolation === 'required') {
    await prepared.close()
    throw new SettingsFault(refusal(`prepared workers: ${preparedWorkers}; bubblewrap: ${bubblewrapWorks}`))
  }
  const launcher = choosing(report, { plain, prepared, ahead, bubblewrap })
  return {
    launcher,
    report,
    prepare: async (software) => {
      const way = [prepared, ahead].find((one) => one === launcher.wayFor(software))
      if (way) await way.prepare(software)
      else if (isIsolated) await places.listFonts(software).catch(() => undefined)
    },
    keepOnly: (environments) => {
      prepared.keepOnly(environments)
      ahead.keepOnly(environments)
    },
  }
}

const refusal = (why: string): string =>
  `The setting REDUCTION_ISOLATION is required, but scripts cannot be isolated on this machine (${why}). Allow user namespaces or install bubblewrap, or set it to best.`

/**
 * What each environment gets: a prepared worker where it has modules to import ahead, or an interpreter started ahead where it asks for that (its world is
 * made by the same calls, so one is not tried for itself), bubblewrap otherwise, and the other where one fails.
 */
const choosing = (
  report: IsolationReport,
  ways: {
    readonly plain: Launcher
    readonly prepared: PreparedLauncher
    readonly ahead: AheadLauncher
    readonly bubblewrap: Launcher
  },
): Launcher & { readonly wayFor: (software: Environment) => Launcher } => {
  const wayFor = ({ prepare }: Environment): Launcher => {
    const canPrepare = report.preparedWorkers === holds
    if (canPrepare && prepare === 'spawn') return ways.ahead
    if (canPrepare && (prepare === 'fork' || report.bubblewrap !== holds)) return ways.prepared
    return report.bubblewrap === holds ? ways.bubblewrap : ways.plain
  }
  return {
    wayFor,
    isolationOf: (software) => wayFor(software).isolationOf(software),
    launch: (launch) => wayFor(launch.software).launch(launch),
    close: async () => {
      await Promise.all(Object.values(ways).map((way) => way.close()))
    },
  }
}

const probe = async (launcher: Launcher, software: Environment): Promise<string> => {
  const base = await mkdtemp(join(tmpdir(), 'autoreduction-probe-'))
  try {
    const outputDirectory = join(base, 'output')
    const hidden = join(base, 'hidden', 'file')
    await mkdir(outputDirectory)
    await mkdir(join(base, 'hidden'))
    await writeFile(hidden, 'not for scripts')
    return (await probeIsolation(launcher, software, outputDirectory, hidden)) ?? holds
  } finally {
    await rm(base, { recursive: true, force: true })
  }
}
