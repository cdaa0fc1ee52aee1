import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '#database/migrate.ts'
import { buildPortal } from '../bundle/build-portal.ts'
import { bundlePrograms, type BundleReport } from '../bundle/bundle-programs.ts'
import { deployFunctions, waitUntilReady } from '../deploy/deploy-stack.ts'
import { gatewayClient, GatewayFault } from '../deploy/gateway-client.ts'
import { ensurePythonEnvironment } from '../environments/python-environment.ts'
import type { ChosenService } from '../services/choose-service.ts'
import { ensureBroker, ensureDatabase } from '../services/stack-services.ts'
import { readStackFile } from '../stack-file/read-stack-file.ts'
import { ensureSecrets, readStateSecret, writeSecret } from '../state/secrets.ts'
import { stateDirectory } from '../state/state-directory.ts'
import type { UpSettings } from '../state/up-settings.ts'
import type { Steps } from '../steps/steps.ts'
import { companionsOf } from './companions.ts'
import { launchGateway } from './launch-gateway.ts'

const readyMs = 60_000

/**
 * Makes everything run that the settings ask for, and returns when it is ready. What is as it should be already is
 * left alone. Independent steps go side by side; when one fails the others are broken off.
 */
export async function bringUp(settings: UpSettings, projectDirectory: string, steps: Steps): Promise<void> {
  const state = stateDirectory(settings.stateDirectory)
  const bundles = join(projectDirectory, 'dist')
  const breakOff = new AbortController()
  const { signal } = breakOff
  mkdirSync(state.root, { recursive: true, mode: 0o700 })
  for (const folder of [state.gatewayFolder, state.scratch]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  ensureSecrets(state.secrets)
  if (settings.resultsRoot === undefined) mkdirSync(state.results, { recursive: true })
  if (settings.archiveRoot === undefined) mkdirSync(state.sampleArchive, { recursive: true })

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
  const broker = steps.run('broker', (say) => ensureBroker(serviceOptions(settings.brokerUrl, say)), tellService)
  const [, , ourPython, { url: databaseUrl }, , { url: brokerUrl }] = await allOrNone(
    [programs, gateway, python, database, migrated, broker] as const,
    breakOff,
  )

  writeSecret(state.secrets, 'database-url', databaseUrl)
  writeSecret(state.secrets, 'broker-url', brokerUrl)
  const secret = (name: string) => readStateSecret(state.secrets, name)
  const client = gatewayClient(settings.port, secret('basic-auth-user'), secret('basic-auth-password'))
  const gatewayUrl = `http://127.0.0.1:${settings.port}`
  const functions = readStackFile(join(projectDirectory, 'stack.yml'), {
    ...process.env,
    GATEWAY_URL: gatewayUrl,
    ARCHIVE_ROOT: settings.archiveRoot ?? state.sampleArchive,
    RESULTS_ROOT: settings.resultsRoot ?? state.results,
    INSTRUMENTS_FILE: settings.instrumentsFile,
    ENVIRONMENTS_FILE: settings.environmentsFile ?? state.environmentsFile,
    SCRATCH_DIRECTORY: state.scratch,
    // On one machine what is found in the archive is watched, unless a file says what is.
    WATCH_FOUND_INSTRUMENTS: String(settings.instrumentsFile === undefined),
  })
  const names = functions.map(({ service }) => service ?? '')
  await steps.run(
    'functions',
    async () => {
      await deployFunctions(client, functions)
      await waitUntilReady(client, names, { withinMs: readyMs, signal })
    },
    () => names.join(' '),
  )
  await steps.run(
    'companions',
    async () => {
      const companions = companionsOf({
        projectDirectory,
        bundles,
        gatewayUrl,
        compileCache: state.compileCache,
        sample:
          settings.archiveRoot === undefined && ourPython
            ? { archive: state.sampleArchive, python: ourPython.interpreter }
            : undefined,
      })
      const { status, text } = await client.send('PUT', '/local/companions', companions)
      if (status !== 202) throw new GatewayFault(`The gateway did not take the companions: ${text}`)
      const started = companions.map(({ name }) => name)
      await waitUntilReady(client, started, { withinMs: readyMs, signal })
      return started
    },
    (started) => started.join(' '),
  )
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

function tellBundles({ made, unchanged }: BundleReport): string {
  return made.length === 0 ? `${unchanged.length} unchanged` : `bundled ${made.join(' ')}`
}

function tellPortal(outcome: 'made' | 'unchanged' | 'absent'): string {
  return { made: 'built', unchanged: 'unchanged', absent: 'there is none yet' }[outcome]
}

function tellService({ url, way }: ChosenService): string {
  const { host } = new URL(url)
  const ways = {
    given: 'as given',
    container: 'a container',
    private: 'our own',
    'installed by us': 'installed, our own',
  }
  return `${ways[way]}, at ${host}`
}

function tellMigrations({ applied }: { readonly applied: readonly string[] }): string {
  return applied.length === 0 ? 'up to date' : `applied ${applied.join(' ')}`
}
