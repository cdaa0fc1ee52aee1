import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { PoolCall, PoolSettings } from './pool-settings.ts'
import { openWorkerPool, WorkerFault, type WorkerPool } from './worker-pool.ts'

let directory: string
let pool: WorkerPool

const open = (settings: Partial<PoolSettings> = {}): void => {
  pool = openWorkerPool({
    program: { url: new URL('./calls.fixture.ts', import.meta.url), nodeOptions: [], threads: 4 },
    count: 2,
    mostHeldUp: 4,
    workersPerPlace: 1,
    callsAtOnce: 8,
    log: { info: vi.fn(), warn: vi.fn() },
    nowMs: Date.now,
    idleMs: 60_000,
    describeHung: (place) => `${place} hangs.`,
    ...settings,
  })
}
const call = (operation: string, place: string, more: Partial<PoolCall> = {}): Promise<unknown> =>
  pool.call({ operation, place, timeoutMs: 30_000, input: files(place), ...more })
const files = (name: string) => ({ gate: join(directory, `${name}.gate`), told: join(directory, `${name}.told`) })
const told = async (name: string): Promise<string[]> =>
  (await readFile(files(name).told, 'utf8').catch(() => '')).split('\n').slice(0, -1)
const openGate = (name: string): Promise<void> => writeFile(files(name).gate, '')

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'file-workers-'))
})
afterEach(async () => {
  pool.close()
  await rm(directory, { recursive: true, force: true })
})

describe('file processes', () => {
  it('do several calls for one place at once in one process, and have another for another place', async () => {
    open()
    const calls = [call('silently', 'WISH'), call('silently', 'WISH'), call('silently', 'MARI')]
    await expect.poll(async () => [...(await told('WISH')), ...(await told('MARI'))]).toHaveLength(3)
    expect(new Set(await told('WISH')).size).toBe(1)
    expect(await told('MARI')).not.toContain((await told('WISH'))[0])
    await openGate('WISH')
    await openGate('MARI')
    await Promise.all(calls)
    expect(pool.processCount()).toBe(2)
  })

  it('start one process for ten calls of one place', async () => {
    open({ count: 8 })
    await Promise.all(Array.from({ length: 10 }, () => call('pid', 'WISH')))
    expect(pool.processCount()).toBe(1)
  })

  it('have time for their first call of a kind, which loads what it needs, before others have another started', async () => {
    open({ count: 1 })
    await call('pid', 'WISH')
    const began = performance.now()
    const first = call('silently', 'WISH')
    await call('pid', 'MARI')
    expect(performance.now() - began).toBeGreaterThan(1_500)
    expect(pool.processCount()).toBe(2)
    await openGate('WISH')
    await first
  })

  it('are left alone as long as they get on, whatever the limit, and given up where they do not', async () => {
    open()
    const getsOn = call('withProgress', 'WISH', { timeoutMs: 3_000 })
    await expect.poll(() => told('WISH')).toHaveLength(1)
    const began = performance.now()
    expect(await call('silently', 'MARI', { timeoutMs: 3_000 })).toMatchObject({ kind: 'hung', place: 'MARI' })
    await expect.poll(() => performance.now() - began).toBeGreaterThan(3_200)
    await openGate('WISH')
    expect(await getsOn).toEqual({ pid: expect.any(Number) })
  })

  it('may take longer with a step that was said to be long', async () => {
    open()
    const long = call('longStep', 'WISH', { timeoutMs: 2_500, input: { ...files('WISH'), allowMs: 60_000 } })
    expect(await call('silently', 'MARI', { timeoutMs: 3_000 })).toMatchObject({ kind: 'hung' })
    await openGate('WISH')
    expect(await long).toEqual({ pid: expect.any(Number) })
  })

  it('take with them what they did for the place that hangs, and nothing else', async () => {
    open()
    execFileSync('mkfifo', [join(directory, 'pipe')])
    const others = call('silently', 'MARI')
    const beside = call('silently', 'WISH')
    await expect.poll(() => told('WISH')).toHaveLength(1)
    const hung = { kind: 'hung', place: 'WISH', reason: 'WISH hangs.' }
    const pipe = join(directory, 'pipe')
    expect(await call('hang', 'WISH', { timeoutMs: 1_000, input: { pipe } })).toMatchObject(hung)
    expect(await beside).toMatchObject(hung)
    expect(await call('pid', 'WISH')).toMatchObject(hung)
    await openGate('MARI')
    expect(await others).toEqual({ pid: expect.any(Number) })
    await expect.poll(pool.processCount).toBe(1)
  })

  it('repeat what broke off once, but not what may not be done twice', async () => {
    open()
    await expect(call('breaks', 'WISH')).rejects.toBeInstanceOf(WorkerFault)
    await expect(call('breaks', 'MARI', { isRepeatable: false })).rejects.toThrow('that worked on MARI (breaks)')
    expect([(await told('WISH')).length, (await told('MARI')).length]).toEqual([2, 1])
  })
})
