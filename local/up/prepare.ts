import { migrate } from '#database/migrate.ts'
import { buildPortal } from '../bundle/build-portal.ts'
import { bundlePrograms } from '../bundle/bundle-programs.ts'
import { ensurePythonEnvironment } from '../environments/python-environment.ts'
import type { ChosenService } from '../services/choose-service.ts'
import { ensureBroker, ensureDatabase } from '../services/stack-services.ts'
import type { StateDirectory } from '../state/state-directory.ts'
import type { UpSettings } from '../state/up-settings.ts'
import type { Steps } from '../steps/steps.ts'
import { launchGateway } from './launch-gateway.ts'
import { tellBundles, tellMigrations, tellPortal, tellService } from './tell-outcomes.ts'

export type Prepared = {
  readonly databaseUrl: string
  readonly brokerUrl: string
  /** The interpreter of our own environment; undefined where nothing needs it. */
  readonly python: string | undefined
}

export type UpPlaces = {
  readonly state: StateDirectory
  readonly projectDirectory: string
  /** `dist/`: what is bundled. */
  readonly bundles: string
}

/**
 * All that functions need before they can start: their code, the gateway, a database with its tables, the broker, the
 * Python environment. The parts go side by side; when one fails the others are broken off.
 */
export async function prepare(
  settings: UpSettings,
  { state, projectDirectory, bundles }: UpPlaces,
  steps: Steps,
): Promise<Prepared> {
  const breakOff = new AbortController()
  const { signal } = breakOff
  const serviceOptions = (givenUrl: string | undefined, say: (text: string) => void) => ({
    servicesDirectory: state.services,
    projectDirectory,
    givenUrl,
    signal,
    say,
    note: steps.note,
  })
  const programs = steps.run('programs', () => bundlePrograms(projectDirectory, bundles), tellBundles)
  const portal = steps.run('portal', () => buildPortal(projectDirectory, bundles, signal), tellPortal)
  const gateway = Promise.all([programs, portal]).then(() =>
    steps.run('gateway', () => launchGateway(state, { port: settings.port, bundles, signal }), String),
  )
  // With a real archive and its own environments nothing of ours needs Python.
  const needsOurPython = settings.environmentsFile === undefined || settings.archiveRoot === undefined
  const python = !needsOurPython
    ? Promise.resolve(undefined)
    : steps.run(
        'Python',
        (say) => ensurePythonEnvironment({ stateDirectory: state.root, projectDirectory, signal, say }),
        ({ version, isNew }) => `${version}, ${isNew ? 'environment made' : 'environment unchanged'}`,
      )
  const database = steps.run(
    'database',
    (say) => ensureDatabase(serviceOptions(settings.databaseUrl, say)),
    tellService,
  )
  const migrated = database.then(({ url }) => steps.run('tables', () => migrate(url), tellMigrations))
  const given = settings.broker
  const broker = steps.run(
    'broker',
    async (say): Promise<ChosenService> =>
      // It has let us in before anything was started.
      given === undefined ? ensureBroker(serviceOptions(undefined, say)) : { url: given.url, way: 'given' },
    tellService,
  )
  const [, , ourPython, { url: databaseUrl }, , { url: brokerUrl }] = await allOrNone(
    [programs, gateway, python, database, migrated, broker] as const,
    breakOff,
  )
  return { databaseUrl, brokerUrl, python: ourPython?.interpreter }
}

/** The first failure breaks off the rest, and is told only when the rest has ended: nothing goes on in the background. */
async function allOrNone<T extends readonly Promise<unknown>[]>(
  running: T,
  breakOff: AbortController,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(running)
  } catch (error) {
    breakOff.abort()
    await Promise.allSettled(running)
    throw error
  }
}
