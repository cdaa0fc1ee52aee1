import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, type Database } from '#database/connection.ts'
import { familyOf, type Member } from './family.ts'
import { makeArchive, instruments, type Archive } from './an-archive.ts'
import { freePort } from '../../local/processes/free-port.ts'
import { becomesTrue } from './pause.ts'
import { z } from 'zod'

const projectDirectory = join(import.meta.dirname, '..', '..')

/** Short enough that a fault outlasts it in seconds; hearts beat every two. */
export const leaseSeconds = 10
export const slots = 4

/** The whole stack on services of its own, everything of it below one folder. */
export type Stack = {
  readonly folder: string
  readonly stateDirectory: string
  readonly resultsRoot: string
  readonly archive: Archive
  readonly database: Database
  /** What `make up` does: starts again whatever has no supervisor. */
  readonly up: () => Promise<void>
  readonly family: () => readonly Member[]
  /** The function's or companion's process, the gateway's, a service's. Where there are several, all. */
  readonly processesOf: (role: string) => readonly Member[]
  /** Asks the gateway's own interface, as an operator does. */
  readonly operate: (method: string, path: string, body: unknown) => Promise<Response>
  readonly call: (name: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Response>
  readonly secret: (name: string) => Promise<string>
  /** Stops all and removes the folder. @returns what was still running afterwards */
  readonly end: () => Promise<readonly Member[]>
}

const runToEnd = (script: string, environment: Readonly<Record<string, string>>): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectDirectory, script)], {
      cwd: projectDirectory,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stdout.on('data', (part: Buffer) => (said += part.toString()))
    child.stderr.on('data', (part: Buffer) => (said += part.toString()))
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${script} ended with ${code}:\n${said}`))))
  })

const isKilledFirst = (member: Member): boolean => member.role !== 'other'

export const startStack = async (python: string): Promise<Stack> => {
  const folder = await mkdtemp(join(tmpdir(), 'autoreduction-faults-'))
  const [stateDirectory, resultsRoot] = [join(folder, 'state'), join(folder, 'results')]
  await mkdir(resultsRoot)
  const archive = await makeArchive(join(folder, 'archive'), python)
  await archive.setScript([0])
  for (const instrument of instruments) await archive.announce(instrument, 1000)
  const environmentsFile = join(folder, 'environments.json')
  const environments = [{ name: 'Python', version: 'test', interpreter: python, environment: {}, default: true }]
  await writeFile(environmentsFile, JSON.stringify(environments))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const environment = {
    PORT: String(port),
    STATE_DIR: stateDirectory,
    ARCHIVE_ROOT: archive.root,
    RESULTS_ROOT: resultsRoot,
    ENVIRONMENTS_FILE: environmentsFile,
    LEASE_SECONDS: String(leaseSeconds),
    SLOTS: String(slots),
    INSTRUMENTS_FILE: '',
    DATABASE_URL: '',
    BROKER_URL: '',
  }
  const secret = async (name: string): Promise<string> =>
    (await readFile(join(stateDirectory, 'secrets', name), 'utf8')).trim()
  const family = (): readonly Member[] => familyOf(stateDirectory)

  const end = async (database?: Database): Promise<readonly Member[]> => {
    for (const { pid, isFrozen } of family()) if (isFrozen) signal(pid, 'SIGCONT')
    await runToEnd('local/down.ts', environment).catch((fault: unknown) => console.error(String(fault)))
    await Promise.race([database?.close(), new Promise((resolve) => setTimeout(resolve, 2_000))])
    await becomesTrue(() => family().length === 0, 3_000)
    const left = family()
    for (const { pid } of left.toSorted((a, b) => Number(isKilledFirst(b)) - Number(isKilledFirst(a))))
      signal(pid, 'SIGKILL')
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    return left
  }

  const up = (): Promise<void> => runToEnd('local/up.ts', environment)
  await up().catch(async (fault: unknown) => {
    await end()
    throw fault
  })
  const database = openDatabase(await secret('database-url'), { connections: 4 })
  await becomesTrue(async () => {
    const rows = await database.rows(z.object({ instrument: z.string() }), 'SELECT instrument FROM detection_cursors')
    return rows.length === instruments.length
  }, 30_000)
  return {
    folder,
    stateDirectory,
    resultsRoot,
    archive,
    database,
    up,
    family,
    processesOf: (role) => family().filter((member) => member.role === role),
    operate: async (method, path, body) => {
      const credentials = `${await secret('basic-auth-user')}:${await secret('basic-auth-password')}`
      return fetch(url + path, {
        method,
        headers: {
          authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
          'content-type': 'application/json',
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      })
    },
    call: (name, body, headers = {}) =>
      fetch(`${url}/function/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      }),
    secret,
    end: () => end(database),
  }
}

export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // Gone already.
  }
}
