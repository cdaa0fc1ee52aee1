import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Database } from '#database/connection.ts'
import { reapExpiredLeases } from '#database/queries/lease-expired.ts'
import { slotsAlive } from '#database/queries/processors.ts'
import { freePort } from '../../local/processes/free-port.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { queueReduction, reductionRow } from './test-processor.ts'
import { python, temporaryDirectory } from './test-support.ts'

let schema: FreshSchema
let database: Database

beforeAll(async () => {
  schema = await freshSchema()
  database = schema.database
  await database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('WISH', 1, NOW(6), NOW(6))`,
  )
})
afterAll(() => schema.drop())
beforeEach(async () => {
  await database.change('DELETE FROM processors')
})

type Started = {
  readonly process: ChildProcess
  readonly ring: () => Promise<unknown>
  readonly exited: Promise<unknown>
  readonly log: () => string
}

/** The function as it is deployed: a process of its own. */
const start = async (
  directory: string,
  settings: Readonly<Record<string, string>> = {},
  interpreter = python(),
): Promise<Started> => {
  const [secrets, results] = [join(directory, 'secrets'), join(directory, 'results')]
  for (const path of [secrets, results]) await mkdir(path, { recursive: true })
  await writeFile(join(secrets, 'database-url'), schema.url)
  await writeFile(join(secrets, 'internal-key'), 'key')
  const environments = join(directory, 'environments.json')
  const software = { name: 'Python', version: '3', interpreter, imports: ['json'] }
  await writeFile(environments, JSON.stringify([software]))
  const port = await freePort()
  const started = spawn(process.execPath, [join(import.meta.dirname, 'handler.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      port: String(port),
      secret_mount_path: secrets,
      RESULTS_ROOT: results,
      ENVIRONMENTS_FILE: environments,
      scratch_directory: join(directory, 'scratch'),
      gateway_url: 'http://127.0.0.1:9',
      // So that scripts tell the numbers by which we know their processes, and see our gates.
      REDUCTION_ISOLATION: 'none',
      ...settings,
    },
  })
  onTestFinished(() => void started.kill('SIGKILL'))
  let log = ''
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (part: Buffer) => (log += part.toString()))
  const exited = once(started, 'exit').then(([code, signal]: unknown[]) => code ?? signal)
  const url = `http://127.0.0.1:${port}`
  const isReady = (): Promise<boolean> =>
    fetch(`${url}/_/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  const gone = exited.then((code) => {
    throw new Error(`it ended with ${String(code)}; its log: ${log}`)
  })
  const ready = expect.poll(isReady, { timeout: 60_000 }).toBe(true)
  await Promise.race([ready, gone]).catch((cause: unknown) => {
    throw new Error(`not ready; its log: ${log}`, { cause })
  })
  return {
    process: started,
    exited,
    log: () => log,
    ring: () =>
      fetch(url, { method: 'POST' }).then(
        (answer) => answer.json(),
        (cause: unknown) => String(cause),
      ),
  }
}

const hanging = `import os, subprocess, time
def main(input_file, output_dir):
    child = subprocess.Popen(['sleep', '600'], start_new_session=True)
    print(os.getpid(), child.pid, 'hanging', flush=True)
    time.sleep(600)
`

/** The processes of the script, once it hangs. */
const pidsOf = async (directory: string, id: number, fence: number): Promise<readonly number[]> => {
  const log = join(directory, 'results', 'WISH', '.staging', `${id}-${fence}.log`)
  const read = (): Promise<string> => readFile(log, 'utf8').catch(() => '')
  await expect.poll(read, { timeout: 20_000 }).toContain('hanging')
  return (await read()).split(' ').slice(0, 2).map(Number)
}

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

test(
  'SIGTERM: what does not end within the grace is given back, and nothing is left',
  { timeout: 120_000 },
  async () => {
    const directory = await temporaryDirectory()
    const one = await start(directory, { grace_seconds: '8' })
    expect(await slotsAlive(database)).toBe(2)
    const { id } = await queueReduction(database, { 'reduce.py': hanging })
    const ringing = one.ring()
    const pids = await pidsOf(directory, id, 1)
    one.process.kill('SIGTERM')
    expect(await one.exited).toBe(0)
    expect(await ringing).toMatchObject({ claimed: { reductionId: id, state: 'released' } })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Queued', lostCount: 0, step: null })
    expect(pids.map(isGone)).toEqual([true, true])
    expect(await readdir(join(directory, 'results', 'WISH', '.staging'))).toEqual([])
    expect((await readdir(join(directory, 'scratch'))).filter((name) => name !== 'cache')).toEqual([])
    expect(await slotsAlive(database)).toBe(0)
    await database.change('DELETE FROM reductions')
  },
)

test(
  'SIGTERM: what ends within the grace is Completed, and the process stops at once after it',
  { timeout: 120_000 },
  async () => {
    const directory = await temporaryDirectory()
    const one = await start(directory)
    const gate = join(directory, 'gate')
    const { id } = await queueReduction(database, {
      'reduce.py': `import os, time
def main(input_file, output_dir):
    print('hanging', flush=True)
    while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)
`,
    })
    const ringing = one.ring()
    await pidsOf(directory, id, 1)
    one.process.kill('SIGTERM')
    await expect.poll(() => slotsAlive(database)).toBe(0)
    await writeFile(gate, '')
    const began = performance.now()
    expect(await one.exited).toBe(0)
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(await ringing).toMatchObject({ claimed: { reductionId: id, state: 'Completed' } })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
  },
)

test('kill -9: the script dies with its processor, and another one runs it again', { timeout: 120_000 }, async () => {
  const directory = await temporaryDirectory()
  const one = await start(directory)
  const gate = join(directory, 'gate')
  const { id } = await queueReduction(database, {
    'reduce.py': `${hanging.replace('    child', `    if os.path.exists(${JSON.stringify(gate)}): return\n    child`)}`,
  })
  const ringing = one.ring()
  const pids = await pidsOf(directory, id, 1)
  one.process.kill('SIGKILL')
  await ringing
  await expect.poll(() => pids.map(isGone), { timeout: 10_000 }).toEqual([true, true])

  await database.change('UPDATE reductions SET lease_expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE id = ?', [
    id,
  ])
  expect(await reapExpiredLeases(database, 0)).toEqual({ requeued: 1, givenUp: 0 })
  await writeFile(gate, '')
  const other = await start(directory)
  expect(await other.ring()).toMatchObject({ claimed: { reductionId: id, state: 'Completed' } })
  expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed', lostCount: 1, fence: 2 })
  expect(await readdir(join(directory, 'results', 'WISH', '.staging'))).toEqual([])
  expect((await readdir(join(directory, 'scratch'))).filter((name) => name !== 'cache')).toHaveLength(1)
})

test(
  'kill -9: the next processor on the same host takes back at once what the dead one held',
  { timeout: 120_000 },
  async () => {
    const directory = await temporaryDirectory()
    const one = await start(directory)
    const gate = join(directory, 'gate')
    const { id } = await queueReduction(database, {
      'reduce.py': `${hanging.replace('    child', `    if os.path.exists(${JSON.stringify(gate)}): return\n    child`)}`,
    })
    const ringing = one.ring()
    await pidsOf(directory, id, 1)
    one.process.kill('SIGKILL')
    await ringing
    await writeFile(gate, '')
    const other = await start(directory)
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Queued', lostCount: 1 })
    expect(await slotsAlive(database)).toBe(2)
    expect(await other.ring()).toMatchObject({ claimed: { reductionId: id, state: 'Completed' } })
    expect(other.log()).toContain('held and left behind')
  },
)

test('a caller that hangs up changes nothing: the reduction is run to its end', { timeout: 120_000 }, async () => {
  const directory = await temporaryDirectory()
  const one = await start(directory)
  const { id } = await queueReduction(database, {
    'reduce.py': "import time\ndef main(i, o):\n    print('hanging', flush=True)\n    time.sleep(0.5)\n",
  })
  const caller = new AbortController()
  const port = /"port":(\d+)/.exec(one.log())?.[1]
  const call = fetch(`http://127.0.0.1:${port}`, { method: 'POST', signal: caller.signal }).catch(() => 'hung up')
  await pidsOf(directory, id, 1)
  caller.abort()
  expect(await call).toBe('hung up')
  await expect.poll(async () => (await reductionRow(database, id)).state, { timeout: 20_000 }).toBe('Completed')
})

/** Whatever on this machine has to do with a directory: by its arguments, its environment or what it has mounted. */
const processesOf = async (directory: string): Promise<readonly string[]> => {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const parts = await Promise.all(
      ['cmdline', 'environ', 'mountinfo'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')),
    )
    if (parts.some((part) => part.includes(directory))) found.push(`${pid} ${parts[0]}`)
  }
  return found
}

test(
  'kill -9, isolated: prepared interpreter, script and all it sent away die with their processor; the next one starts anew',
  { timeout: 120_000 },
  async () => {
    await database.change('DELETE FROM reductions')
    const directory = await temporaryDirectory()
    const gates = await temporaryDirectory()
    const settings = { REDUCTION_ISOLATION: 'required', script_readable_paths: gates }
    const one = await start(directory, settings)
    expect(one.log()).toContain('scripts run isolated')
    const gate = JSON.stringify(join(gates, 'gate'))
    const { id } = await queueReduction(database, {
      'reduce.py': hanging.replace('    child', `    if os.path.exists(${gate}): return\n    child`),
    })
    const ringing = one.ring()
    await pidsOf(directory, id, 1)
    expect((await processesOf(directory)).length).toBeGreaterThan(3)
    one.process.kill('SIGKILL')
    await ringing
    await expect.poll(() => processesOf(directory), { timeout: 20_000 }).toEqual([])
    await writeFile(join(gates, 'gate'), '')
    const other = await start(directory, settings)
    expect(await other.ring()).toMatchObject({ claimed: { reductionId: id, state: 'Completed' } })
    other.process.kill('SIGTERM')
    expect(await other.exited).toBe(0)
    expect(await processesOf(directory)).toEqual([])
  },
)

test('isolation that is required and does not hold: the processor says so and does not start', async () => {
  const directory = await temporaryDirectory()
  // No Python at all stands for a machine that allows nothing: every way is tried, and none holds.
  const interpreter = join(directory, 'python')
  await writeFile(interpreter, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const settings = { REDUCTION_ISOLATION: 'required' }
  await expect(start(directory, settings, interpreter)).rejects.toThrow(/REDUCTION_ISOLATION is required/)
})
