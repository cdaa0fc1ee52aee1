import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openReaders, ReadFault, type Readers, type ReaderSettings } from './open-readers.ts'

const log = { info: vi.fn(), warn: vi.fn() }
const hanging = new URL('./hanging-reader.fixture.ts', import.meta.url)
let root: string
let readers: Readers
let nowMs: number

const open = (settings: Partial<ReaderSettings> = {}): Readers => {
  readers = openReaders({ root, log, program: hanging, perCallTimeoutMs: 1_500, nowMs: () => nowMs, ...settings })
  return readers
}
const pipe = (name: string): void => void execFileSync('mkfifo', [join(root, name)])
const file = (name: string, run: number): Promise<void> => writeFile(join(root, name), String(run))
const isAlive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'readers-'))
  nowMs = Date.UTC(2026, 10, 22)
  log.warn.mockClear()
})
afterEach(async () => {
  readers.close()
  await rm(root, { recursive: true })
})

describe('readers', () => {
  it('start when first asked and end when idle', async () => {
    await file('WISH', 7)
    open({ idleMs: 50 })
    expect(readers.processCount()).toBe(0)
    expect(await readers.readLastrun('WISH')).toMatchObject({ kind: 'read', lastRun: 7 })
    await vi.waitFor(() => expect(readers.processCount()).toBe(0), 20_000)
    expect(await readers.readLastrun('WISH')).toMatchObject({ lastRun: 7 })
  })

  it('answer for all other places while five hang, and the five are given up', async () => {
    const hung = ['A', 'B', 'C', 'D', 'E']
    const sound = ['P', 'Q', 'R', 'S']
    hung.forEach(pipe)
    await Promise.all(sound.map((name, place) => file(name, place)))
    open({ perCallTimeoutMs: 20_000 })
    const stuck = hung.map((name) => readers.readLastrun(name))
    const answers = await Promise.all(sound.map((name) => readers.readLastrun(name)))
    expect(answers.map((answer) => answer.kind)).toEqual(['read', 'read', 'read', 'read'])
    expect(readers.processCount()).toBeLessThanOrEqual(9)
    readers.close()
    await Promise.allSettled(stuck)
  })

  it('say in words that a place hangs, and kill the process that hung', async () => {
    pipe('WISH')
    open()
    const answer = await readers.readLastrun('WISH')
    expect(answer).toMatchObject({ kind: 'hung', place: 'WISH', since: new Date(nowMs) })
    expect(answer).toHaveProperty('reason', expect.stringContaining('WISH do not answer'))
    await vi.waitFor(() => expect(readers.processCount()).toBe(0), 20_000)
    expect(log.warn).toHaveBeenCalledOnce()
  })

  it('give a hung place one probe at a time, answer the rest at once, and notice when it is well again', async () => {
    pipe('WISH')
    open()
    await readers.readLastrun('WISH')
    const before = performance.now()
    expect(await readers.readLastrun('WISH')).toMatchObject({ kind: 'hung' })
    expect(performance.now() - before).toBeLessThan(1_000)

    nowMs += 6_000
    const probe = readers.readLastrun('WISH')
    expect(await readers.readLastrun('WISH')).toMatchObject({ kind: 'hung' })
    expect(await probe).toMatchObject({ kind: 'hung' })
    nowMs += 6_000
    const tooEarly = performance.now()
    expect(await readers.readLastrun('WISH')).toMatchObject({ kind: 'hung' })
    expect(performance.now() - tooEarly).toBeLessThan(1_000)

    await unlink(join(root, 'WISH'))
    await file('WISH', 12)
    await vi.waitFor(
      async () => {
        nowMs += 30_000
        expect(await readers.readLastrun('WISH')).toMatchObject({ kind: 'read', lastRun: 12 })
      },
      { timeout: 20_000 },
    )
    expect(log.warn).toHaveBeenCalledOnce()
  })

  it('let ten reads of a hung place wait together, not one after the other', async () => {
    pipe('WISH')
    open({ perCallTimeoutMs: 1_000 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => readers.readLastrun('WISH')))
    expect(answers.every((answer) => answer.kind === 'hung')).toBe(true)
    expect(log.warn).toHaveBeenCalledOnce()
  })

  it('leave nothing behind when they are closed while they hang', async () => {
    pipe('WISH')
    open({ perCallTimeoutMs: 60_000 })
    const stuck = readers.readLastrun('WISH').catch((fault: unknown) => fault)
    await vi.waitFor(() => expect(readers.processCount()).toBe(1), 20_000)
    readers.close()
    expect(await stuck).toBeInstanceOf(ReadFault)
    expect(readers.processCount()).toBe(0)
  })

  it('die with their parent, also when it is killed while they hang in a read', async () => {
    pipe('WISH')
    const parent = spawn(process.execPath, [fileURLToPath(new URL('./parent.fixture.ts', import.meta.url)), root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const reader = Number(line)
    expect(isAlive(reader)).toBe(true)
    parent.kill('SIGKILL')
    await vi.waitFor(() => expect(isAlive(reader)).toBe(false), 10_000)
  })

  it('try once more when a process breaks, then throw a fault that names the read', async () => {
    open()
    await expect(readers.readScript('WISH')).rejects.toThrow(
      'The process that worked on WISH (readScript) ended without an answer.',
    )
    await file('WISH', 3)
    expect(await readers.readLastrun('WISH')).toMatchObject({ lastRun: 3 })
  })

  it('throw a fault where the program of a reader cannot be started', async () => {
    open({ program: new URL('./no-such-program.ts', import.meta.url) })
    await expect(readers.readLastrun('WISH')).rejects.toBeInstanceOf(ReadFault)
  })

  it('throw a fault with its words where an operation has a defect', async () => {
    open()
    await expect(readers.call('statPath', { path: '/' }, { place: 'WISH' })).rejects.toThrow('a defect')
  })

  it('are replaced after an answer that leaves them in a bad state', async () => {
    open()
    const first = await readers.listInstruments()
    const second = await readers.listInstruments()
    const pids = [first, second].map((answer) => (answer.kind === 'listed' ? Number(answer.instruments[0]) : 0))
    expect(pids[0]).not.toBe(pids[1])
    await vi.waitFor(() => expect(pids.some(isAlive)).toBe(false), 20_000)
  })
})

describe('the real readers', () => {
  it('read, stat and list through the generic operations', async () => {
    await file('WISH', 1234)
    readers = openReaders({ root, log })
    const path = join(root, 'WISH')
    expect(await readers.call('readFileRange', { path, position: 1, length: 2 }, { place: 'x' })).toMatchObject({
      bytes: Buffer.from('23'),
      sizeBytes: 4,
      modifiedAt: expect.any(Date),
    })
    expect(await readers.call('statPath', { path: root }, { place: 'x' })).toMatchObject({ kind: 'directory' })
    expect(await readers.call('statPath', { path: join(root, 'none') }, { place: 'x' })).toEqual({
      absent: true,
      fault: 'is not there',
    })
    expect(await readers.call('listDirectory', { path: root }, { place: 'x' })).toEqual({
      entries: [{ name: 'WISH', kind: 'file' }],
    })
  })

  it('are not held up by a named pipe in the place of a file', async () => {
    execFileSync('mkdir', ['-p', join(root, 'NDXWISH/Instrument/logs')])
    execFileSync('mkfifo', [join(root, 'NDXWISH/Instrument/logs/lastrun.txt')])
    readers = openReaders({ root, log })
    expect(await readers.readLastrun('WISH')).toMatchObject({
      kind: 'problem',
      reason: expect.stringContaining('is a named pipe, not a file'),
    })
    expect(await readers.listInstruments()).toEqual({ kind: 'listed', instruments: ['WISH'] })
  })
})
