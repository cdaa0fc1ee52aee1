import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase, type Database } from '#database/connection.ts'
import { gatewayClient } from '../../local/deploy/gateway-client.ts'
import { findPython } from '../../local/environments/find-python.ts'
import { freePort } from '../../local/processes/free-port.ts'
import { privateServices } from '../../local/services/stack-services.ts'
import { readStateSecret } from '../../local/state/secrets.ts'
import { stateDirectory } from '../../local/state/state-directory.ts'
import { runningGateway } from '../../local/up/launch-gateway.ts'
import { clearUpAbandoned, own } from './abandoned.ts'
import { makeBenchArchive, type BenchArchive } from './bench-archive.ts'
import { runProgram } from './run-program.ts'

export type StackProcess = { readonly name: string; readonly pid: number; readonly port: number | undefined }

/** The whole stack as `make up` starts it, with state, port, database, broker and archive of its own. */
export type BenchStack = {
  readonly folder: string
  readonly url: string
  readonly database: Database
  readonly archive: BenchArchive
  readonly python: string
  readonly internalKey: string
  /** Without children; a function that has several replicas has several. */
  readonly processes: () => Promise<readonly StackProcess[]>
  readonly services: () => readonly StackProcess[]
  readonly stop: () => Promise<void>
}

const projectDirectory = join(import.meta.dirname, '..', '..')
const benchFolder = join(projectDirectory, '.local', 'bench')

const stopStack = (folder: string): Promise<void> =>
  runProgram(process.execPath, [join(projectDirectory, 'local', 'down.ts')], {
    directory: projectDirectory,
    environment: { ...process.env, STATE_DIR: join(folder, 'state') },
  })

export const startBenchStack = async (): Promise<BenchStack> => {
  await clearUpAbandoned(benchFolder, stopStack)
  const python = await findPython()
  if (!python) throw new Error('There is no Python 3.9 or later on this machine.')
  const folder = await mkdtemp(join(benchFolder, 'run-'))
  own(folder)
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 3 })
  try {
    const archive = await makeBenchArchive(folder)
    const environmentsFile = join(folder, 'environments.json')
    // As `make up` makes one: what lies beside the system's Python has no part in it.
    const interpreter = join(folder, 'python', 'bin', 'python')
    await runProgram(python.interpreter, ['-m', 'venv', '--without-pip', join(folder, 'python')], {
      directory: folder,
    })
    await writeFile(
      environmentsFile,
      JSON.stringify([{ name: 'Python', version: python.version, interpreter, environment: {}, default: true }]),
    )
    const port = await freePort()
    await runProgram(process.execPath, [join(projectDirectory, 'local', 'up.ts')], {
      directory: projectDirectory,
      environment: {
        ...process.env,
        // Empty counts as not given: the stack takes services and results of its own.
        DATABASE_URL: '',
        BROKER_URL: '',
        RESULTS_ROOT: '',
        PORT: String(port),
        STATE_DIR: join(folder, 'state'),
        ARCHIVE_ROOT: archive.root,
        INSTRUMENTS_FILE: archive.instrumentsFile,
        ENVIRONMENTS_FILE: environmentsFile,
      },
    })
    return { ...openStack(folder, port), archive, python: interpreter, stop: () => stop() }
  } catch (fault) {
    await stopStack(folder).finally(remove)
    throw fault
  }

  async function stop(): Promise<void> {
    await stopStack(folder)
    await remove()
  }
}

const openStack = (
  folder: string,
  port: number,
): Pick<BenchStack, 'folder' | 'url' | 'database' | 'internalKey' | 'processes' | 'services'> => {
  const state = stateDirectory(join(folder, 'state'))
  const secret = (name: string): string => readStateSecret(state.secrets, name)
  const client = gatewayClient(port, secret('basic-auth-user'), secret('basic-auth-password'))
  return {
    folder,
    url: `http://127.0.0.1:${port}`,
    database: openDatabase(secret('database-url'), { connections: 4 }),
    internalKey: secret('internal-key'),
    processes: async () => {
      const status = await client.status()
      const gateway = runningGateway(state)?.identity.pid
      const functions = status.functions.flatMap(({ name, instances }) =>
        instances.map(({ pid, port: at }) => ({ name, pid, port: at })),
      )
      return [{ name: 'gateway', pid: gateway, port }, ...functions, ...status.companions].flatMap((one) =>
        one.pid === undefined ? [] : [{ name: one.name, pid: one.pid, port: one.port }],
      )
    },
    services: () => privateServices(state.services).filter(({ isUp }) => isUp),
  }
}
