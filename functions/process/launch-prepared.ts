import { join } from 'node:path'
import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { EnvironmentPlaces } from './environment-places.ts'
import { keepPerEnvironment, sayWhatFailed } from './kept-per-environment.ts'
import { sandboxedRequest } from './launch-bubblewrap.ts'
import type { Launch, Launcher } from './launcher.ts'
import { killOne, type RunAs } from './runner-program.ts'
import { messageOf, superviseRunner, type StartedRunner } from './supervise-runner.ts'
import { startZygote, type Zygote } from './zygote.ts'

export type PreparedLauncher = Launcher & {
  /** Starts an environment's interpreter now, so that nobody waits for it. */
  readonly prepare: (software: Environment) => Promise<void>
  /** Ends those whose environment is not among these any more, or has changed. */
  readonly keepOnly: (environments: readonly Environment[]) => void
  /** For measurements: the processes that are kept ready. */
  readonly pids: () => Promise<readonly number[]>
}

/** An environment's interpreter. `zygote`: once it is ready; `hasFailed`: it never will be. */
type Kept = { readonly starting: Promise<Zygote>; zygote?: Zygote; hasFailed: boolean }

const retire = ({ starting }: Kept): void => {
  starting.then(
    (zygote) => zygote.retire(),
    () => undefined,
  )
}

/** Runs each script as a fork of an interpreter that has its environment's modules imported, in namespaces of its own. */
export const preparedLauncher = (
  directory: string,
  places: EnvironmentPlaces,
  say: (message: string) => void,
  runAs: RunAs = {},
): PreparedLauncher => {
  let count = 0

  const startFor = async (software: Environment): Promise<Zygote> => {
    count += 1
    const zygote = await startZygote(
      software,
      join(directory, `prepared-${count}`),
      await places.preparing(software),
      (line) => say(`${softwareLabel(software)}: ${line}`),
      runAs,
    )
    sayWhatFailed(software, zygote.failed, say)
    return zygote
  }

  /** One that has died is followed by another as soon as somebody needs it. */
  const kept = keepPerEnvironment<Kept>(places, say, {
    make: (software) => {
      const made: Kept = { starting: startFor(software), hasFailed: false }
      made.starting.then(
        (zygote) => {
          made.zygote = zygote
        },
        () => {
          made.hasFailed = true
        },
      )
      return made
    },
    isSpent: ({ zygote, hasFailed }) => hasFailed || zygote?.hasEnded() === true,
    retire,
  })

  const zygoteFor = async (software: Environment): Promise<Zygote> => (await kept.of(software)).starting

  const start = async (launch: Launch): Promise<StartedRunner> => {
    const [view, request, zygote] = await Promise.all([
      places.viewFor(launch),
      sandboxedRequest(places, launch),
      zygoteFor(launch.software),
    ])
    return {
      channel: await zygote.connect(),
      request: { ...request, view },
      words: [],
      exited: Promise.resolve(undefined),
      killHard: (pid) => {
        killOne(pid)
        return Promise.resolve()
      },
      clearUp: () => Promise.resolve(),
    }
  }

  return {
    isolationOf: ({ network }) => `prepared worker: own processes, files, users${network ? '' : ', no network'}`,
    launch: (launch) => superviseRunner(launch, () => start(launch)),
    prepare: async (software) => {
      await zygoteFor(software).catch((cause: unknown) => say(`${softwareLabel(software)}: ${messageOf(cause)}`))
    },
    keepOnly: kept.keepOnly,
    pids: async () =>
      (
        await Promise.all(
          kept
            .all()
            .filter(({ hasFailed }) => !hasFailed)
            .map(({ starting }) => starting),
        )
      ).map(({ pid }) => pid),
    close: async () => {
      const all = kept.all()
      kept.keepOnly([])
      await Promise.allSettled(all.map(async ({ starting }) => (await starting).end()))
    },
  }
}
