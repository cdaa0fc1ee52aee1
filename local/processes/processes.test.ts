import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort } from './free-port.ts'
import { commandLine, identify, isAlive, parseStat } from './identity.ts'
import { withLock } from './lock.ts'
import { stopProcess } from './stop-process.ts'
import { whoHoldsPort } from './who-holds-port.ts'

const children: ChildProcess[] = []
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')))

function start(code: string): ChildProcess {
  const child = spawn('sh', ['-c', code], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  return child
}

describe('the identity of a process', () => {
  it('holds while it lives and no longer', async () => {
    const child = start('exec sleep 1000')
    const identity = identify(child.pid ?? 0)
    if (identity === undefined) throw new Error('the process has no identity')
    expect(isAlive(identity)).toBe(true)
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(isAlive(identity)).toBe(false)
  })

  it('is not that of another process with the same number, nor of one before the machine started anew', () => {
    const own = identify(process.pid)
    if (own === undefined) throw new Error('this process has no identity')
    expect(isAlive(own)).toBe(true)
    expect(isAlive({ ...own, startedAtTicks: String(Number(own.startedAtTicks) - 1) })).toBe(false)
    expect(isAlive({ ...own, bootId: 'another' })).toBe(false)
  })

  it('is read rightly from names with spaces and brackets', () => {
    const fields = Array.from({ length: 50 }, (_, index) => String(index + 3))
    expect(parseStat(`12 (a) b) (c) S ${fields.slice(1).join(' ')}`)).toEqual({ state: 'S', startedAtTicks: '22' })
  })
})

describe('stopping a process', () => {
  it('asks first, and uses force on the whole group when that does not help', async () => {
    const child = start('trap "" TERM; sleep 1000 & echo $!; wait; sleep 1000')
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
    const identity = identify(child.pid ?? 0)
    const grandchild = identify(Number(line.toString()))
    if (identity === undefined || grandchild === undefined) throw new Error('the processes have no identity')
    await stopProcess(identity, 50)
    expect(isAlive(identity)).toBe(false)
    await expect.poll(() => isAlive(grandchild)).toBe(false)
  })

  it('leaves a stranger with the same number alone', async () => {
    const child = start('exec sleep 1000')
    const identity = identify(child.pid ?? 0)
    if (identity === undefined) throw new Error('the process has no identity')
    await stopProcess({ ...identity, startedAtTicks: '1' }, 50)
    expect(isAlive(identity)).toBe(true)
  })
})

it('names who holds a port', async () => {
  const port = await freePort()
  expect(whoHoldsPort(port)).toBeUndefined()
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  expect(whoHoldsPort(port)).toEqual({ pid: process.pid, command: commandLine(process.pid) })
  expect(await freePort(port)).not.toBe(port)
  server.close()
})

it('lets only one at a time do work under a lock, and tells the other who holds it', async () => {
  const name = `test-lock-${process.pid}`
  const [order, holders]: [string[], string[]] = [[], []]
  let release: () => void = () => undefined
  const first = withLock(name, {}, async () => {
    order.push('first begins')
    await new Promise<void>((resolve) => (release = resolve))
    order.push('first ends')
  })
  await expect.poll(() => order).toContain('first begins')
  const second = withLock(name, { onWait: (holder) => holders.push(holder) }, () => {
    order.push('second begins')
    return Promise.resolve()
  })
  await expect.poll(() => holders).toEqual([`process ${process.pid}`])
  release()
  await Promise.all([first, second])
  expect(order).toEqual(['first begins', 'first ends', 'second begins'])
})
