import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { gatewayClient } from '../deploy/gateway-client.ts'
import { freePort } from '../processes/free-port.ts'
import { identify, isAlive, type ProcessIdentity } from '../processes/identity.ts'
import { ensureSecrets, readStateSecret } from '../state/secrets.ts'
import { writeFunction } from './try-function.ts'

const directory = mkdtempSync(join(tmpdir(), 'gateway main '))
const stateDirectory = join(directory, 'state')
const secretsDirectory = join(stateDirectory, 'secrets')
let gateway: ChildProcess | undefined

afterEach(async () => {
  gateway?.kill('SIGTERM')
  if (gateway !== undefined && gateway.exitCode === null && gateway.signalCode === null) await once(gateway, 'exit')
  rmSync(directory, { recursive: true, force: true })
})

async function start(port: number) {
  gateway = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env['PATH'], PORT: String(port), STATE_DIR: stateDirectory, BUNDLES: join(directory, 'dist') },
    stdio: 'ignore',
  })
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ status }) => status,
      () => 0,
    )
  await expect.poll(answers, { timeout: 20_000 }).toBe(200)
  return gatewayClient(port, 'admin', readStateSecret(secretsDirectory, 'basic-auth-password'))
}

function living(pid: number | undefined): ProcessIdentity {
  const identity = pid === undefined ? undefined : identify(pid)
  if (identity === undefined) throw new Error('the process is not there')
  return identity
}

it('after a kill -9 of the gateway no function is left, not even a frozen one, and the next gateway has them all again', async () => {
  mkdirSync(join(stateDirectory, 'gateway'), { recursive: true })
  ensureSecrets(secretsDirectory)
  for (const name of ['lively', 'frozen']) writeFunction(directory, name)
  const port = await freePort()
  const client = await start(port)
  for (const service of ['lively', 'frozen']) {
    expect((await client.send('POST', '/system/functions', { service, image: service })).status).toBe(202)
  }
  await expect.poll(async () => (await client.status()).functions.every(({ isSettled }) => isSettled)).toBe(true)
  const { functions } = await client.status()
  const processOf = (name: string) => living(functions.find((one) => one.name === name)?.instances[0]?.pid)
  const [lively, frozen] = [processOf('lively'), processOf('frozen')]
  expect(readFileSync(join(stateDirectory, 'gateway', 'gateway.json'), 'utf8')).toContain(String(gateway?.pid))

  process.kill(frozen.pid, 'SIGSTOP')
  gateway?.kill('SIGKILL')
  await expect.poll(() => isAlive(lively)).toBe(false)
  expect(isAlive(frozen)).toBe(true)

  const next = await start(port)
  await expect.poll(() => isAlive(frozen)).toBe(false)
  await expect.poll(async () => (await next.status()).functions.filter(({ isSettled }) => isSettled)).toHaveLength(2)
  expect((await fetch(`http://127.0.0.1:${port}/function/frozen`)).status).toBe(200)
})
