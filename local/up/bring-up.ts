import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { deployFunctions, removeFunctions, waitUntilReady } from '../deploy/deploy-stack.ts'
import { gatewayClient, GatewayFault, type GatewayClient } from '../deploy/gateway-client.ts'
import type { Companion } from '../gateway/companions/companions.ts'
import { assertBrokerLetsUsIn } from '../services/broker-lets-us-in.ts'
import { readStackFile } from '../stack-file/read-stack-file.ts'
import { ensureSecrets, readStateSecret, removeSecret, writeSecret } from '../state/secrets.ts'
import { stateDirectory } from '../state/state-directory.ts'
import type { UpSettings } from '../state/up-settings.ts'
import type { Steps } from '../steps/steps.ts'
import { companionsOf, simulatorName } from './companions.ts'
import { assertPortIsToBeHad } from './launch-gateway.ts'
import { prepare, type UpPlaces } from './prepare.ts'
import { tellFirstLook } from './tell-outcomes.ts'

const [readyMs, firstLookMs] = [60_000, 15_000]

/**
 * Makes everything run that the settings ask for, and returns when it is ready. What is as it should be already is
 * left alone.
 */
export async function bringUp(settings: UpSettings, projectDirectory: string, steps: Steps): Promise<void> {
  const state = stateDirectory(settings.stateDirectory)
  await assertPortIsToBeHad(state, settings.port)
  if (settings.broker !== undefined) await assertBrokerLetsUsIn(settings.broker)
  const places = { state, projectDirectory, bundles: join(projectDirectory, 'dist') }
  mkdirSync(state.root, { recursive: true, mode: 0o700 })
  for (const folder of [state.gatewayFolder, state.scratch]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  ensureSecrets(state.secrets)
  if (settings.resultsRoot === undefined) mkdirSync(state.results, { recursive: true })
  if (settings.archiveRoot === undefined) mkdirSync(state.sampleArchive, { recursive: true })

  const { databaseUrl, brokerUrl, python } = await prepare(settings, places, steps)
  writeSecret(state.secrets, 'database-url', databaseUrl)
  writeSecret(state.secrets, 'broker-url', brokerUrl)
  const authority = settings.broker?.authority ?? null
  if (authority !== null) writeSecret(state.secrets, 'broker-ca', authority)
  await startFunctions(settings, places, python, steps)
  // Only now: until they were deployed anew, functions named it.
  if (authority === null) removeSecret(state.secrets, 'broker-ca')
}

async function startFunctions(
  settings: UpSettings,
  { state, projectDirectory, bundles }: UpPlaces,
  python: string | undefined,
  steps: Steps,
): Promise<void> {
  const secret = (name: string) => readStateSecret(state.secrets, name)
  const client = gatewayClient(settings.port, secret('basic-auth-user'), secret('basic-auth-password'))
  const gatewayUrl = `http://127.0.0.1:${settings.port}`
  const brokerSecrets = ['broker-url', ...((settings.broker?.authority ?? null) === null ? [] : ['broker-ca'])]
  /** Who speaks to the broker is to trust whom we trust. */
  const withTrust = (names: readonly string[]) =>
    names.flatMap((name) => (name === 'broker-url' ? brokerSecrets : [name]))
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
  }).map((deployment) => ({ ...deployment, secrets: withTrust(deployment.secrets ?? []) }))
  const isSample = settings.archiveRoot === undefined && python !== undefined
  const sample = isSample ? { archive: state.sampleArchive, python } : undefined
  const { compileCache } = state
  const companions = companionsOf({ projectDirectory, bundles, gatewayUrl, brokerSecrets, compileCache, sample })
  const names = functions.map(({ service }) => service ?? '')
  const companionNames = companions.map(({ name }) => name)

  // The simulator first: it lays out its archive while the functions start.
  await becomeCompanions(client, companions, ({ name }) => name === simulatorName)
  await steps.run(
    'functions',
    async () => {
      await removeFunctions(
        client,
        writtenNames(state.stackNames).filter((name) => !names.includes(name)),
      )
      await deployFunctions(client, functions)
      writeFileSync(state.stackNames, JSON.stringify(names))
      await waitUntilReady(client, names, readyMs)
    },
    () => names.join(' '),
  )
  await steps.run(
    'companions',
    async () => {
      await becomeCompanions(client, companions)
      await waitUntilReady(client, companionNames, readyMs)
    },
    () => companionNames.join(' '),
  )
  // So that every instrument has been seen when we say that all is ready, and its next run is taken.
  await steps.run('first look', () => firstLook(gatewayUrl), tellFirstLook)
}

/** What stack.yml named the last time: what it names no more is removed; what somebody deployed otherwise stays. */
function writtenNames(file: string): readonly string[] {
  try {
    return z.array(z.string()).parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return []
  }
}

/** An archive that hangs keeps nobody waiting: cron looks again. */
async function firstLook(gatewayUrl: string): Promise<number | undefined> {
  const signal = AbortSignal.timeout(firstLookMs)
  const answered = fetch(`${gatewayUrl}/function/detect`, { method: 'POST', signal })
  return await answered.then(({ status }) => status).catch(() => undefined)
}

/** Those that run already and are wanted stay as they are, whether or not they are chosen now. */
async function becomeCompanions(
  client: GatewayClient,
  companions: readonly Companion[],
  isChosen: (companion: Companion) => boolean = () => true,
): Promise<void> {
  const running = (await client.status()).companions.map(({ name }) => name)
  const wanted = companions.filter((companion) => isChosen(companion) || running.includes(companion.name))
  const { status, text } = await client.send('PUT', '/local/companions', wanted)
  if (status !== 202) throw new GatewayFault(`The gateway did not take the companions: ${text}`)
}
