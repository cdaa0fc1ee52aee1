import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { openDatabase, type Database } from '#database/connection.ts'
import { findPython } from '../../local/environments/find-python.ts'
import { freePort } from '../../local/processes/free-port.ts'
import { runToEnd } from '../../local/processes/run-to-end.ts'
import { clearUpAbandoned, makeOwnFolder } from './abandoned.ts'
import { makeArchive, type Archive } from './archive.ts'
import { endStack } from './end-stack.ts'
import { familyOf, type Member } from './family.ts'
import { becomesTrue } from './pause.ts'

const projectDirectory = join(import.meta.dirname, '..', '..')

export type StackOptions = {
  /** Its folder lies below `.local/<of>/`; what a killed run left there is cleared up first. */
  readonly of: string
  /** In the archive from the beginning, and seen once when the stack is ready. */
  readonly instruments?: readonly string[]
  /** Those of them whose results lie in one folder; known where the stack watches a file. */
  readonly flat?: readonly string[]
  readonly lastRun?: number
  readonly script?: string
  /** Software beside the bare Python, which is the default unless one of these is. */
  readonly software?: readonly Readonly<Record<string, unknown>>[]
  /** Whether all instruments of the archive are watched, or those of `archive.watch`. */
  readonly watches: 'found' | 'file'
  /** More of the environment of `make up`, such as LEASE_SECONDS. */
  readonly settings?: Readonly<Record<string, string>>
  /** Breaks the start off; what has been started is ended. */
  readonly signal?: AbortSignal
}

/** The whole stack as `make up` starts it, on services of its own, everything of it below one folder. */
export type Stack = {
  /** Its folder's, another for each. */
  readonly name: string
  readonly folder: string
  readonly stateDirectory: string
  readonly resultsRoot: string
  readonly url: string
  readonly archive: Archive
  readonly database: Database
  /** The interpreter of its scripts: bare, what lies beside the system's Python has no part in it. */
  readonly python: string
  readonly pythonVersion: string
  /** What `make up` does: starts again whatever has no supervisor. With settings, those from now on until the next. */
  readonly up: (settings?: Readonly<Record<string, string>>) => Promise<void>
  readonly family: () => readonly Member[]
  /** The function's or companion's process, the gateway's, a service's. Where there are several, all. */
  readonly processesOf: (role: string) => readonly Member[]
  /** Asks the gateway's own interface, as an operator does. */
  readonly operate: (method: string, path: string, body: unknown) => Promise<Response>
  /** Asks as a browser does: the portal's interface, or any page. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Response>
  readonly call: (name: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Response>
  /** How many of these calls have no answer yet. */
  readonly callsTo: (name: string) => number
  readonly secret: (name: string) => Promise<string>
  /** Stops all and removes the folder. @returns what was still running afterwards */
  readonly end: () => Promise<readonly Member[]>
}

const callLimitMs = 20_000

export const startStack = async (options: StackOptions): Promise<Stack> => {
  const parent = join(projectDirectory, '.local', options.of)
  await clearUpAbandoned(parent, endStack)
  const folder = makeOwnFolder(parent)
  try {
    return await startIn(folder, options)
  } catch (fault) {
    await endStack(folder)
    throw fault
  }
}

const startIn = async (folder: string, options: StackOptions): Promise<Stack> => {
  const { instruments = [], flat = [], lastRun = 1000, script, signal } = options
  const [stateDirectory, resultsRoot] = [join(folder, 'state'), join(folder, 'results')]
  await mkdir(resultsRoot)
  const archive = await makeArchive(folder)
  await archive.addInstruments(instruments, lastRun, script)
  await archive.watch(instruments, flat)
  const python = await makePython(folder, options.software ?? [])
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    ...process.env,
    // Empty counts as not given: the stack takes services of its own.
    DATABASE_URL: '',
    BROKER_URL: '',
    BROKER_CA: '',
    BROKER_USER: '',
    BROKER_PASSWORD_FILE: '',
    PORT: String(port),
    STATE_DIR: stateDirectory,
    ARCHIVE_ROOT: archive.root,
    RESULTS_ROOT: resultsRoot,
    ENVIRONMENTS_FILE: python.environmentsFile,
    INSTRUMENTS_FILE: options.watches === 'file' ? archive.instrumentsFile : '',
    ...options.settings,
  }
  const up: Stack['up'] = async (settings = {}) => {
    await runToEnd(process.execPath, [join(projectDirectory, 'local', 'up.ts')], {
      directory: projectDirectory,
      environment: { ...environment, ...settings },
      signal,
    })
  }
  const secret = async (name: string): Promise<string> =>
    (await readFile(join(stateDirectory, 'secrets', name), 'utf8')).trim()
  const family = (): readonly Member[] => familyOf(stateDirectory)
  const calls = new Map<string, number>()

  await up()
  const database = openDatabase(await secret('database-url'), { connections: 4 })
  const areSeen = await becomesTrue(async () => (await seenInstruments(database)) >= instruments.length, 30_000)
  if (!areSeen) throw new Error('not every instrument was seen within 30 s')
  return {
    name: basename(folder),
    folder,
    stateDirectory,
    resultsRoot,
    url,
    archive,
    database,
    python: python.interpreter,
    pythonVersion: python.version,
    up,
    family,
    processesOf: (role) => family().filter((member) => member.role === role),
    operate: async (method, path, body) => {
      const credentials = `${await secret('basic-auth-user')}:${await secret('basic-auth-password')}`
      const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
      return send(url + path, method, body, { authorization })
    },
    ask: (method, path, body) => send(url + path, method, body, {}),
    call: async (name, body, headers = {}) => {
      calls.set(name, (calls.get(name) ?? 0) + 1)
      try {
        return await send(`${url}/function/${name}`, 'POST', body, headers)
      } finally {
        calls.set(name, (calls.get(name) ?? 0) - 1)
      }
    },
    callsTo: (name) => calls.get(name) ?? 0,
    secret,
    end: () => endStack(folder, database),
  }
}

const send = (url: string, method: string, body: unknown, headers: Readonly<Record<string, string>>) =>
  fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(callLimitMs),
  })

const makePython = async (folder: string, beside: NonNullable<StackOptions['software']>) => {
  const python = await findPython()
  if (!python) throw new Error('There is no Python 3.9 or later on this machine.')
  const [environmentsFile, home] = [join(folder, 'environments.json'), join(folder, 'python')]
  await runToEnd(python.interpreter, ['-m', 'venv', '--without-pip', home])
  const interpreter = join(home, 'bin', 'python')
  const isDefault = !beside.some((software) => software['default'] === true)
  const bare = { name: 'Python', version: python.version, interpreter, environment: {}, default: isDefault }
  const environments = [bare, ...beside]
  await writeFile(environmentsFile, JSON.stringify(environments))
  return { interpreter, version: python.version, environmentsFile }
}

const seenInstruments = async (database: Database): Promise<number> => {
  const rows = await database.rows(z.object({ instrument: z.string() }), 'SELECT instrument FROM detection_cursors')
  return rows.length
}
