import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ensurePythonEnvironment } from '../../local/environments/python-environment.ts'
import { identify, identitySchema, isAlive } from '../../local/processes/identity.ts'
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
  const directory = join(runs, randomBytes(6).toString('hex'))
  mkdirSync(directory, { mode: 0o700 })
  writeFileSync(join(directory, 'owner.json'), JSON.stringify(identify(process.pid)))
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
  const removeFolder = () => rmSync(directory, { recursive: true, force: true })
  process.once('exit', removeFolder)
  return async () => {
    await Promise.all([mariaDb, activeMq].map((service) => (typeof service === 'string' ? undefined : service.stop())))
    removeFolder()
  }
}

function removeAbandoned(runs: string): void {
  for (const name of readdirSync(runs)) {
    const directory = join(runs, name)
    if (!hasLivingOwner(directory)) rmSync(directory, { recursive: true, force: true })
  }
}

function hasLivingOwner(directory: string): boolean {
  try {
    return isAlive(identitySchema.parse(JSON.parse(readFileSync(join(directory, 'owner.json'), 'utf8'))))
  } catch {
    return false
  }
}
