import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { LocalStatus } from './local-status.ts'
import { tryGateway, writeFunction, type TriedGateway } from './try-function.ts'

let tried: TriedGateway
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await tried.end()
})

async function open(more: Parameters<typeof tryGateway>[1] = {}): Promise<void> {
  tried = await tryGateway([], more)
  writeFunction(tried.directory, 'tried', code)
}
const call = (path: string, init?: RequestInit) => fetch(`${tried.url}/function/tried${path}`, init)
const fileOf = (name: string) => join(tried.directory, 'dist', 'tried', name)
const linesOf = (name: string) =>
  existsSync(fileOf(name))
    ? readFileSync(fileOf(name), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : []

/** A caller that sends exactly this; what it has got so far is in `got`. */
function raw(text: string): { socket: Socket; got: () => string; closed: Promise<unknown> } {
  const socket = connect(Number(new URL(tried.url).port), '127.0.0.1').setEncoding('utf8')
  sockets.push(socket)
  let got = ''
  socket.on('data', (chunk: string) => (got += chunk)).on('error', () => undefined)
  socket.write(text)
  return { socket, got: () => got, closed: once(socket, 'close') }
}

async function instances() {
  const status = (await (await tried.system('GET', '/local/status')).json()) as LocalStatus
  return status.functions.find(({ name }) => name === 'tried')?.instances ?? []
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  } catch {
    // It died meanwhile.
  }
}

describe('a caller', () => {
  it('that never finishes its head, or never begins it, loses its connection', async () => {
    await open({ timing: { headMs: 200 } })
    const [half, none] = [raw('POST /function/tried HTTP/1.1\r\nHost: localhost\r\nX-Slow'), raw('')]
    await Promise.all([half.closed, none.closed])
    expect(half.got()).toMatch(/^HTTP\/1.1 408 /)
  })

  it('that never finishes its body gets 408, and the function is free again', async () => {
    await open({ timing: { bodyPauseMs: 300 } })
    await tried.deploy('tried', { envVars: { max_inflight: '1' } })
    const head = 'POST /function/tried/whole HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n'
    const half = raw(`${head}half`)
    await expect.poll(half.got).toMatch(/^HTTP\/1.1 408 /)
    await expect.poll(() => linesOf('aborted')).toHaveLength(1)
    await expect.poll(async () => (await call('/whole', { method: 'POST', body: 'whole' })).status).toBe(200)
  })

  it('that pauses while the function answers already is left in peace', async () => {
    await open({ timing: { bodyPauseMs: 100 } })
    await tried.deploy('tried')
    const sent = httpRequest(`${tried.url}/function/tried/stream`, { method: 'POST' })
    sent.write('first')
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    expect(String((await once(answer, 'data'))[0])).toBe('first')
    await new Promise((resolve) => setTimeout(resolve, 500))
    sent.write('second')
    expect(String((await once(answer, 'data'))[0])).toBe('second')
    sent.end()
    await once(answer, 'end')
  })

  it('that is still sending gets the answer of a function that has heard enough, and can send to its end', async () => {
    await open()
    await tried.deploy('tried')
    const sent = httpRequest(`${tried.url}/function/tried/enough`, { method: 'POST' })
    sent.write('x'.repeat(100_000))
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(413)
    expect(String((await once(answer, 'data'))[0])).toBe('enough')
    sent.end('x'.repeat(3_000_000))
    await once(sent, 'finish')
  })
})

it('a thousand idle streams of events hold up nobody, and are all told', async () => {
  await open()
  await tried.deploy('tried')
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  const headers = { accept: 'text/event-stream' }
  const follow = async () => {
    const sent = httpRequest(`${tried.url}/function/tried/events`, { agent, headers }).end()
    return ((await once(sent, 'response')) as [IncomingMessage])[0]
  }
  const streams: IncomingMessage[] = []
  while (streams.length < 1_000) streams.push(...(await Promise.all(Array.from({ length: 50 }, follow))))
  expect(streams.filter(({ statusCode }) => statusCode !== 200)).toEqual([])
  expect((await call('')).status).toBe(200)
  const told = Promise.all(streams.map((stream) => once(stream, 'data')))
  expect(await (await call('/tell')).text()).toBe('told 1000')
  expect(new Set((await told).map(([data]) => String(data)))).toEqual(new Set(['data: news\n\n']))
  for (const stream of streams) stream.destroy()
  await expect.poll(async () => await (await call('/tell')).text(), { timeout: 20_000 }).toBe('told 0')
  agent.destroy()
})

it('replicas that are killed under load lose no call that had not begun, and make none twice', async () => {
  await open()
  await tried.deploy('tried', { labels: { 'com.openfaas.scale.min': '3', 'com.openfaas.scale.factor': '0' } })
  const calls = 900
  const answers = new Map<string, number>()
  let next = 0
  const caller = async () => {
    while (next < calls) {
      const id = `call-${(next += 1)}`
      const body = next % 3 === 0 ? 'a body' : undefined
      const answer = await call(`/begin/${id}`, { method: next % 3 === 1 ? 'GET' : 'POST', body })
      await answer.text()
      answers.set(id, answer.status)
      // A replica in ten dies under the calls it holds.
      if (next % 90 === 0) {
        kill((await instances()).find(({ state }) => state === 'ready')?.pid)
      }
    }
  }
  await Promise.all(Array.from({ length: 20 }, caller))
  const begun = linesOf('begun')
  const timesBegun = (id: string) => begun.filter((line) => line === id).length
  const all = [...answers]
  expect(all).toHaveLength(calls)
  expect([...new Set(answers.values())].filter((status) => ![200, 502, 503].includes(status))).toEqual([])
  expect(all.filter(([, status]) => status === 200).length).toBeGreaterThan(calls / 2)
  expect(all.filter(([id, status]) => status === 200 && timesBegun(id) < 1)).toEqual([])
  expect(all.filter(([id, status]) => status === 503 && timesBegun(id) > 0)).toEqual([])
  // Told as broken off is only what a function had begun, or had read and was about to: one call for each that was killed.
  const untouched = all.filter(([id, status]) => status === 502 && timesBegun(id) < 1)
  expect(untouched.length).toBeLessThanOrEqual(calls / 90)
  const repeatable = (id: string) => Number(id.slice('call-'.length)) % 3 === 1
  expect(all.filter(([id]) => !repeatable(id) && timesBegun(id) > 1)).toEqual([])
})

it('a function at zero is woken once, and all who call meanwhile are answered', async () => {
  await open()
  await tried.deploy('tried')
  expect((await tried.system('POST', '/system/scale-function/tried', { replicas: 0 })).status).toBe(202)
  await expect.poll(instances).toHaveLength(0)
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await call('')).status))
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(await instances()).toHaveLength(1)
})

describe('a gateway that stops', () => {
  it('lets calls end and slow readers read to the end', async () => {
    await open()
    await tried.deploy('tried')
    const held = call('/held')
    const sent = httpRequest(`${tried.url}/function/tried/long`).end()
    const [slow] = (await once(sent, 'response')) as [IncomingMessage]
    await expect.poll(() => linesOf('held')).toHaveLength(1)
    const stopping = tried.gateway.stop()
    await expect.poll(() => linesOf('asked-to-stop')).toHaveLength(1)
    writeFileSync(fileOf('go'), '')
    expect(await (await held).text()).toBe('held')
    let size = 0
    for await (const chunk of slow) size += (chunk as Buffer).length
    expect(size).toBe(5_000_000)
    await stopping
    await expect(call('')).rejects.toThrow()
  })

  it('makes the asynchronous calls that it has accepted', async () => {
    await open()
    await tried.deploy('tried')
    appendFileSync(fileOf('go'), '')
    for (let index = 0; index < 30; index += 1) {
      const accepted = await fetch(`${tried.url}/async-function/tried/begin/later-${index}`, { method: 'POST' })
      expect(accepted.status).toBe(202)
    }
    await tried.gateway.stop()
    expect(linesOf('begun')).toHaveLength(30)
  })
})

const code = `
import { createServer } from 'node:http'
import { appendFileSync, existsSync } from 'node:fs'
const note = (file, text) => appendFileSync(file, text + '\\n')
const listeners = new Set()
let underWay = 0
const server = createServer((request, response) => {
  const path = request.url
  if (path.startsWith('/_/')) return response.end()
  underWay += 1
  response.on('close', () => (underWay -= 1))
  if (path === '/whole') {
    request.on('aborted', () => note('aborted', 'aborted'))
    request.resume().on('end', () => response.end('whole'))
    return
  }
  if (path === '/stream') {
    response.flushHeaders()
    return request.pipe(response)
  }
  if (path === '/enough') return response.writeHead(413).end('enough')
  if (path === '/events') {
    listeners.add(response)
    response.on('close', () => listeners.delete(response))
    return response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  }
  if (path === '/tell') {
    for (const listener of listeners) listener.write('data: news\\n\\n')
    return response.end('told ' + listeners.size)
  }
  if (path.startsWith('/begin/')) {
    note('begun', path.slice('/begin/'.length))
    request.resume()
    return setTimeout(() => response.end('done'), Math.random() * 30)
  }
  if (path === '/held') {
    note('held', 'held')
    const look = setInterval(() => {
      if (!existsSync('go')) return
      clearInterval(look)
      response.end('held')
    }, 20)
    return
  }
  if (path === '/long') return response.end('x'.repeat(5000000))
  response.end('ok')
})
server.listen(Number(process.env.port), '127.0.0.1')
process.on('SIGTERM', () => {
  note('asked-to-stop', 'asked')
  setInterval(() => underWay === 0 && process.exit(0), 20)
})
process.stdin.resume().on('end', () => process.exit(0))
`
