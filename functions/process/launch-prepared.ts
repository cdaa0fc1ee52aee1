import { join } from 'node:path'
import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { EnvironmentPlaces } from './environment-places.ts'
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

/** An environment's interpreter, and how its packages were when it was started. `zygote`: once it is ready. */
type Kept = { readonly stamp: string; readonly starting: Promise<Zygote>; zygote?: Zygote }

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
  const kept = new Map<string, Kept>()
  let count = 0

  const startFor = async (software: Environment): Promise<Zygote> => {
    count += 1
    const label = softwareLabel(software)
    const zygote = await startZygote(
      software,
      join(directory, `prepared-${count}`),
      await places.preparing(software),
      (line) => say(`${label}: ${line}`),
      runAs,
    )
    for (const [module, why] of Object.entries(zygote.failed)) {
      if (software.imports.includes(module)) say(`${label}: ${module} could not be imported ahead: ${why}`)
    }
    return zygote
  }

  /** One that has died, or whose packages have changed since, is followed by another as soon as somebody needs it. */
  const zygoteFor = async (software: Environment): Promise<Zygote> => {
    const key = JSON.stringify(software)
    const stamp = await places.stampOf(software)
    const known = kept.get(key)
    if (known?.stamp === stamp && known.zygote?.hasEnded() !== true) return known.starting
    if (known) {
      if (known.stamp !== stamp)
        say(`${softwareLabel(software)}: its packages have changed; its interpreter is started anew`)
      retire(known)
    }
    const next: Kept = { stamp, starting: startFor(software) }
    kept.set(key, next)
    next.starting.then(
      (zygote) => {
        next.zygote = zygote
      },
      () => {
        if (kept.get(key) === next) kept.delete(key)
      },
    )
    return next.starting
  }

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
    keepOnly: (environments) => {
      const wanted = new Set(environments.map((software) => JSON.stringify(software)))
      for (const [key, one] of kept) {
        if (wanted.has(key)) continue
        kept.delete(key)
        retire(one)
      }
    },
    pids: async () => (await Promise.all([...kept.values()].map(({ starting }) => starting))).map(({ pid }) => pid),
    close: async () => {
      const all = [...kept.values()]
      kept.clear()
      await Promise.allSettled(all.map(async ({ starting }) => (await starting).end()))
    },
  }
}
