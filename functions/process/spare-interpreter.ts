import { createInterface } from 'node:readline'
import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { EnvironmentPlaces } from './environment-places.ts'
import { sayWhatFailed } from './kept-per-environment.ts'
import { sandboxedEnvironment, sandboxedPlace } from './launch-bubblewrap.ts'
import { killGroup, runnerProgram, spawnRunner, type RunAs } from './runner-program.ts'
import type { StartedRunner } from './supervise-runner.ts'
import { untilImported } from './until-imported.ts'

/** How long an interpreter may take to end by itself; it has nothing to finish. */
const patienceMs = 2_000

/** Waits for its request, and serves no other. */
export type SpareRunner = Omit<StartedRunner, 'request'>

/** An interpreter with an environment's modules imported, for one script (`runner/started_ahead.py`). */
export type Spare = {
  /** Settles when its modules are there. Rejects where it does not come so far. */
  readonly ready: Promise<SpareRunner>
  /** Settles when nothing of it is left. */
  readonly gone: Promise<void>
  /** Ends it, and the script that it runs. */
  readonly end: () => Promise<void>
}

export const startSpare = (
  software: Environment,
  places: EnvironmentPlaces,
  say: (message: string) => void,
  runAs: RunAs = {},
): Spare => {
  const unwanted = new AbortController()
  const starting = start(software, places, say, runAs, unwanted.signal)
  const ready = starting.then(async ({ runner, output }) => {
    try {
      sayWhatFailed(software, await untilImported(output, runner.exited), say)
      return runner
    } catch (cause) {
      runner.channel.destroy()
      throw cause
    }
  })
  // Whoever waits for it is told; it may be nobody.
  ready.catch(() => undefined)
  const gone = starting.then(
    async ({ runner }) => void (await runner.exited),
    () => undefined,
  )
  return {
    ready,
    gone,
    end: async () => {
      unwanted.abort()
      const runner = await starting.then(
        (started) => started.runner,
        () => undefined,
      )
      runner?.channel.destroy()
      const tooLong = setTimeout(() => void runner?.killHard(undefined), patienceMs)
      await gone
      clearTimeout(tooLong)
    },
  }
}

const start = async (
  software: Environment,
  places: EnvironmentPlaces,
  say: (message: string) => void,
  runAs: RunAs,
  unwanted: AbortSignal,
) => {
  // It imports where nothing that it writes is kept: matplotlib would list the machine's fonts each time.
  await places.listFonts(software).catch(() => undefined)
  const [view, place] = await Promise.all([places.viewAhead(software), sandboxedPlace(places, software)])
  unwanted.throwIfAborted()
  const { process: first, ...spawned } = spawnRunner(software.interpreter, ['-u', runnerProgram, 'sealed', 'ahead'], {
    ...runAs,
    cwd: '/',
    env: sandboxedEnvironment({ software, name: 'ahead' }),
  })
  spawned.channel.send({ imports: software.imports, view, place })
  if (!first.stdout || !first.stderr) throw new Error('the interpreter has no streams')
  createInterface({ input: first.stderr }).on('line', (line) => say(`${softwareLabel(software)}: ${line}`))
  const runner: SpareRunner = {
    ...spawned,
    // What it says before it has a script is no script's; its supervisor has nothing to say afterwards.
    words: [],
    killHard: () => {
      killGroup(first.pid)
      return Promise.resolve()
    },
    clearUp: () => Promise.resolve(),
  }
  return { runner, output: first.stdout }
}
