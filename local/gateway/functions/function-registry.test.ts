import { mkdirSync, writeFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { identify } from '../../processes/identity.ts'
import type { LocalStatus } from '../local-status.ts'
import { tryGateway, writeFunction, type TriedGateway } from '../try-function.ts'

let tried: TriedGateway
afterEach(() => tried.end())

const call = (path: string, init?: RequestInit) => fetch(tried.url + path, init)
const instancesOf = async (name: string) => {
  const status = (await (await tried.system('GET', '/local/status')).json()) as LocalStatus
  return status.functions.find((one) => one.name === name)?.instances ?? []
}
const pidOf = async () => ((await (await call('/function/echo')).json()) as { pid: number }).pid

describe('a deployed function', () => {
  it('is listed and described as the command-line client expects', async () => {
    tried = await tryGateway(['echo'])
    const deployment = { service: 'echo', image: 'echo:1', annotations: { topic: 'DataReady' }, secrets: null }
    expect((await tried.system('PUT', '/system/functions', deployment)).status).toBe(404)
    await tried.deploy('echo', deployment)
    const status = (await (await tried.system('GET', '/system/function/echo?usage=1')).json()) as object
    expect(status).toMatchObject({
      name: 'echo',
      image: 'echo:1',
      namespace: 'openfaas-fn',
      replicas: 1,
      availableReplicas: 1,
      annotations: { topic: 'DataReady' },
      labels: { faas_function: 'echo' },
    })
    expect(Object.keys(status)).not.toContain('envVars')
    expect(await (await tried.system('GET', '/system/functions?namespace=openfaas-fn')).json()).toHaveLength(1)
    expect(await (await tried.system('GET', '/system/functions?namespace=other')).json()).toHaveLength(0)
  })

  it('is refused with a sentence where it cannot run', async () => {
    tried = await tryGateway(['echo'])
    const refused = async (more: object) => {
      const answer = await tried.system('POST', '/system/functions', { service: 'echo', image: '', ...more })
      return [answer.status, await answer.text()]
    }
    expect(await refused({ service: 'nocode' })).toEqual([400, expect.stringContaining('no code')])
    expect(await refused({ service: '../echo' })).toEqual([400, expect.stringContaining('service')])
    expect(await refused({ secrets: ['missing'] })).toEqual([400, expect.stringContaining('"missing"')])
    expect(await refused({ namespace: 'other' })).toEqual([400, expect.stringContaining('openfaas-fn')])
    expect(await refused({ envVars: { exec_timeout: 'soon' } })).toEqual([400, expect.stringContaining('exec_timeout')])
  })

  it('gets its environment and secrets, and nothing of ours', async () => {
    process.env['OURS'] = 'private'
    tried = await tryGateway(['echo'])
    expect((await tried.system('POST', '/system/secrets', { name: 'word', value: 'hush' })).status).toBe(201)
    await tried.deploy('echo', { secrets: ['word'], envVars: { GIVEN: 'yes' } })
    const environment = (await (await call('/function/echo/environment')).json()) as Record<string, string>
    expect(environment).toMatchObject({ GIVEN: 'yes', exit_with_parent: '1' })
    expect(environment).not.toHaveProperty('OURS')
    expect(await (await call('/function/echo/secret')).text()).toBe('hush')
    const rawValue = Buffer.from('louder').toString('base64')
    expect((await tried.system('PUT', '/system/secrets', { name: 'word', rawValue })).status).toBe(202)
    expect(await (await call('/function/echo/secret')).text()).toBe('louder')
  })

  it('is started again after it died, under the same instance name', async () => {
    tried = await tryGateway(['echo'])
    await tried.deploy('echo')
    const [before] = await instancesOf('echo')
    expect((await call('/function/echo/die')).status).toBe(502)
    await expect.poll(async () => (await call('/function/echo')).status).toBe(200)
    const [after] = await instancesOf('echo')
    expect(after).toMatchObject({ instance: before?.instance, restarts: 1, state: 'ready' })
    expect(after?.pid).not.toBe(before?.pid)
  })

  it('is ended and started again when it hangs', async () => {
    const probeTiming = { startingMs: 20, intervalMs: 20, answerMs: 100, hangingAfter: 2 }
    tried = await tryGateway(['echo'], { probeTiming })
    await tried.deploy('echo')
    const before = await pidOf()
    await call('/function/echo/hang')
    await expect.poll(async () => (await call('/function/echo')).status, { timeout: 10_000 }).toBe(200)
    expect(await pidOf()).not.toBe(before)
    expect(identify(before)).toBeUndefined()
  })

  it('gets no calls while it says that it is not ready: 503', async () => {
    tried = await tryGateway(['echo'])
    await tried.deploy('echo')
    const flag = join(tried.directory, 'dist', 'echo', 'unready')
    writeFileSync(flag, '')
    await expect.poll(async () => (await call('/function/echo')).status).toBe(503)
    rmSync(flag)
    await expect.poll(async () => (await call('/function/echo')).status).toBe(200)
  })

  it('is replaced without a failing call: the old version finishes what it holds', async () => {
    tried = await tryGateway(['echo'])
    await tried.deploy('echo', { envVars: { VERSION: '1' } })
    const [old] = await instancesOf('echo')
    const held = call('/function/echo/soon')
    let isDone = false
    const statuses = new Set<string>()
    const calling = (async () => {
      while (!isDone) {
        const answer = await call('/function/echo')
        await answer.text()
        statuses.add(`${answer.status} ${answer.headers.get('x-version')}`)
      }
    })()
    await tried.deploy('echo', { envVars: { VERSION: '2' } })
    isDone = true
    await calling
    expect([...statuses].every((status) => status.startsWith('200'))).toBe(true)
    expect(await (await held).text()).toBe('soon')
    expect((await call('/function/echo')).headers.get('x-version')).toBe('2')
    await expect.poll(() => identify(old?.pid ?? 0)).toBeUndefined()
  })

  it('goes on serving in its old version while the new one does not become ready', async () => {
    tried = await tryGateway(['echo'])
    await tried.deploy('echo')
    writeFunction(tried.directory, 'echo', 'process.exit(1)')
    await tried.system('PUT', '/system/functions', { service: 'echo', image: 'echo:broken' })
    await expect.poll(async () => (await instancesOf('echo')).some((one) => one.restarts > 1)).toBe(true)
    expect((await call('/function/echo')).status).toBe(200)
    writeFunction(tried.directory, 'echo')
    await tried.deploy('echo', { image: 'echo:good' })
    await expect.poll(() => instancesOf('echo')).toHaveLength(1)
  })

  it('deployed again unchanged, stays as it is', async () => {
    tried = await tryGateway(['echo'])
    await tried.deploy('echo')
    const before = await pidOf()
    // What Python leaves beside the modules that it has loaded.
    const cache = join(tried.directory, 'dist', 'echo', '__pycache__')
    mkdirSync(cache)
    writeFileSync(join(cache, 'main.cpython-311.pyc'), '')
    await tried.deploy('echo')
    expect(await pidOf()).toBe(before)
    await tried.deploy('echo', { envVars: { VERSION: '2' } })
    expect(await pidOf()).not.toBe(before)
  })

  it('spreads calls over its replicas, and sleeps at zero until called', async () => {
    tried = await tryGateway(['echo'])
    await tried.deploy('echo', { labels: { 'com.openfaas.scale.min': '2' } })
    const pids = await Promise.all(Array.from({ length: 8 }, pidOf))
    expect(new Set(pids).size).toBe(2)
    const scale = (replicas: number) => tried.system('POST', '/system/scale-function/echo', { replicas })
    expect((await scale(0)).status).toBe(202)
    await expect.poll(() => instancesOf('echo')).toHaveLength(0)
    expect((await call('/function/echo')).status).toBe(200)
    expect((await tried.system('POST', '/system/scale-function/nobody', { replicas: 1 })).status).toBe(404)
  })

  it('is gone when removed, and comes back with a gateway started anew', async () => {
    tried = await tryGateway(['echo', 'other'])
    await Promise.all([tried.deploy('echo'), tried.deploy('other')])
    const removed = await tried.system('DELETE', '/system/functions', { functionName: 'other' })
    expect(removed.status).toBe(202)
    expect((await call('/function/other')).status).toBe(404)
    expect((await tried.system('DELETE', '/system/functions', { functionName: 'other' })).status).toBe(404)
    const before = await pidOf()
    tried = await tried.restart()
    expect(identify(before)).toBeUndefined()
    await expect.poll(async () => (await call('/function/echo')).status).toBe(200)
    expect((await call('/function/other')).status).toBe(404)
  })
})
