import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { EnvironmentPlaces } from './environment-places.ts'
import { keepPerEnvironment } from './kept-per-environment.ts'
import { sandboxedRequest } from './launch-bubblewrap.ts'
import type { PreparedLauncher } from './launch-prepared.ts'
import type { Launch } from './launcher.ts'
import type { RunAs } from './runner-program.ts'
import { openShelf, type Shelf } from './shelf-of-spares.ts'
import { startSpare, type Spare } from './spare-interpreter.ts'
import { superviseRunner, type StartedRunner } from './supervise-runner.ts'

export type AheadLauncher = Pick<PreparedLauncher, 'isolationOf' | 'launch' | 'prepare' | 'keepOnly' | 'close'>

/** Runs each script in an interpreter of its own that has its environment's modules imported already, in namespaces of its own. */
export const aheadLauncher = (
  places: EnvironmentPlaces,
  say: (message: string) => void,
  runAs: RunAs = {},
): AheadLauncher => {
  const alive = new Set<Spare>()
  let isClosed = false

  const start = (software: Environment): Spare => {
    const spare = startSpare(software, places, say, runAs)
    alive.add(spare)
    void spare.gone.then(() => alive.delete(spare))
    return spare
  }

  const kept = keepPerEnvironment<Shelf>(places, say, {
    make: (software) =>
      openShelf(
        () => start(software),
        (message) => say(`${softwareLabel(software)}: ${message}`),
      ),
    isSpent: () => false,
    retire: (shelf) => shelf.close(),
  })

  const shelfFor = async (software: Environment): Promise<Shelf> => {
    const shelf = await kept.of(software)
    if (isClosed) {
      shelf.close()
      throw new Error('this processor is stopping')
    }
    return shelf
  }

  const startFor = async (launch: Launch, unwanted: AbortSignal): Promise<StartedRunner> => {
    const [view, request, shelf] = await Promise.all([
      places.viewFor(launch),
      sandboxedRequest(places, launch),
      shelfFor(launch.software),
    ])
    const spare = await shelf.take(unwanted)
    return { ...(await spare.ready), request: { ...request, view } }
  }

  return {
    isolationOf: ({ network }) =>
      `interpreter started ahead: own processes, files, users${network ? '' : ', no network'}`,
    launch: (launch) => superviseRunner(launch, (unwanted) => startFor(launch, unwanted)),
    prepare: async (software) => {
      await shelfFor(software).then(
        (shelf) => shelf.fill(),
        () => undefined,
      )
    },
    keepOnly: kept.keepOnly,
    close: async () => {
      isClosed = true
      kept.keepOnly([])
      await Promise.all([...alive].map((spare) => spare.end()))
    },
  }
}
