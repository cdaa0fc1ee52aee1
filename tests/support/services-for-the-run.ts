import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ensurePythonEnvironment } from '../../local/environments/python-environment.ts'
import { identify } from '../../local/processes/identity.ts'
import { startPrivateActiveMq } from '../../local/services/private-activemq.ts'
import { startPrivateMariaDb } from '../../local/services/private-mariadb.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** A user who may make databases: take `freshSchema()` rather than this one. */
    databaseUrl: string
    brokerUrl: string
    /** An interpreter with what reduction scripts need. */
    python: string
  }
}

const projectDirectory = join(import.meta.dirname, '..', '..')
const stateDirectory = join(projectDirectory, '.local')

/**
 * One MariaDB, one ActiveMQ and one Python environment for the whole run. The kernel ends both services with this
 * process, so nothing is left even after a `kill -9`; their folder is removed by the next run.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const runs = join(stateDirectory, 'tests')
  mkdirSync(runs, { recursive: true })
  removeAbandoned(runs)
  const directory = join(runs, folderName(process.pid))
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const say = (holder: string) => console.log(`waiting for the Python environment that ${holder} is making`)
  const [mariaDb, activeMq, python] = await Promise.all([
    process.env['TEST_DATABASE_URL'] ??
      startPrivateMariaDb({ directory: join(directory, 'mariadb'), purpose: 'tests' }),
    process.env['TEST_BROKER_URL'] ??
      startPrivateActiveMq({ directory: join(directory, 'activemq'), purpose: 'tests' }),
    ensurePythonEnvironment({ stateDirectory, projectDirectory, onWait: say }),
  ])
  project.provide('databaseUrl', typeof mariaDb === 'string' ? mariaDb : mariaDb.url)
  project.provide('brokerUrl', typeof activeMq === 'string' ? activeMq : activeMq.url)
  project.provide('python', python.interpreter)
  // For tests that only start Python's own.
  process.env['AUTOREDUCTION_PYTHON'] ??= python.interpreter
  const removeFolder = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeFolder)
  return async () => {
    await Promise.all([mariaDb, activeMq].map((service) => (typeof service === 'string' ? undefined : service.stop())))
    removeFolder()
  }
}

/** Names its owner exactly: numbers of processes are used again. */
function folderName(pid: number): string {
  const identity = identify(pid)
  return identity === undefined ? 'nobody' : `${pid}-${identity.startedAtTicks}-${identity.bootId.slice(0, 8)}`
}

function removeAbandoned(runs: string): void {
  for (const name of readdirSync(runs)) {
    if (name !== folderName(Number(name.split('-')[0]))) rmSync(join(runs, name), { recursive: true, force: true })
  }
}
