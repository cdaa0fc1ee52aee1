import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inject } from 'vitest'
import type { Database } from '#database/connection.ts'
import { freshSchema } from '../support/fresh-schema.ts'

export const projectDirectory = join(import.meta.dirname, '..', '..')

export type Stack = {
  /** Where the portal and the gateway answer, without a slash at the end. */
  readonly url: string
  readonly folder: string
  /** Runs one pass of detection now rather than at the next tick. */
  readonly detect: () => Promise<void>
  /** GET below /api/v1. */
  readonly get: <Body>(path: string) => Promise<Body>
  readonly post: (path: string, body: unknown) => Promise<Response>
  /** `make up` once more: what has gone comes back. */
  readonly upAgain: () => Promise<void>
  readonly database: Database
  readonly stop: () => Promise<void>
}

const runToEnd = (script: string, environment: Record<string, string>): Promise<string> =>
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
    child.on('close', (code) =>
      code === 0 ? resolve(said) : reject(new Error(`${script} ended with ${code}:\n${said}`)),
    )
  })

/**
 * The whole stack as `make up` starts it, with its state in a folder of its own, on the test run's database and Python environment. Its
 * broker is its own: stacks that share one hear each other's bells.
 */
export const startTheStack = async (settings: Record<string, string>): Promise<Stack> => {
  const folder = await mkdtemp(join(tmpdir(), 'autoreduction-test-'))
  const schema = await freshSchema()
  const environmentsFile = join(folder, 'environments.json')
  await writeFile(
    environmentsFile,
    JSON.stringify([
      { name: 'Python', version: 'test', interpreter: inject('python'), environment: {}, default: true },
    ]),
  )
  // The beam simulator's environment is the test run's own: making another would only cost time.
  const stateDirectory = join(folder, 'state')
  await mkdir(stateDirectory, { mode: 0o700 })
  await symlink(join(projectDirectory, '.local', 'environments'), join(stateDirectory, 'environments'))
  const port = String(20_000 + Math.floor(Math.random() * 20_000))
  const environment = {
    PORT: port,
    STATE_DIR: stateDirectory,
    DATABASE_URL: schema.url,
    ENVIRONMENTS_FILE: environmentsFile,
    // Empty counts as not given, whatever whoever runs the tests has set.
    ...{ BROKER_URL: '', BROKER_CA: '', BROKER_USER: '', BROKER_PASSWORD_FILE: '' },
    ...settings,
  }
  const url = `http://127.0.0.1:${port}`
  const stop = async (): Promise<void> => {
    await runToEnd('local/down.ts', environment)
    await schema.drop()
    await rm(folder, { recursive: true, force: true })
  }
  await runToEnd('local/up.ts', environment).catch(async (fault: unknown) => {
    await stop()
    throw fault
  })
  return {
    url,
    folder,
    detect: async () => {
      const answer = await fetch(`${url}/function/detect`, { method: 'POST' })
      if (!answer.ok) throw new Error(`detect answered ${answer.status}: ${await answer.text()}`)
    },
    get: async <Body>(path: string) => {
      const answer = await fetch(`${url}/api/v1/${path}`)
      if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`)
      return (await answer.json()) as Body
    },
    post: (path, body) =>
      fetch(`${url}/api/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    upAgain: async () => void (await runToEnd('local/up.ts', environment)),
    database: schema.database,
    stop,
  }
}
