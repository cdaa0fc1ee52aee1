import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tryGateway, writeFunction, type TriedGateway } from '../try-function.ts'

type Called = { url: string | undefined; headers: IncomingHttpHeaders; body: string }

/** Where callbacks go: keeps what comes, and leaves those to /hangs without an answer. */
const called: Called[] = []
let hanging = 0
const listener: Server = createServer((request, response) => {
  if (request.url === '/hangs') {
    hanging += 1
    response.on('close', () => (hanging -= 1))
    return
  }
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    called.push({ url: request.url, headers: request.headers, body })
    response.end()
  })
})
let listens = ''

let tried: TriedGateway
beforeAll(async () => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  listens = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const asyncLimits = {
    atATime: 2,
    mostWaiting: 2,
    largestBodyBytes: 1_000,
    largestAnswerBytes: 5_000,
    callbackMs: 500,
  }
  tried = await tryGateway(['echo', 'slow', 'long'], { asyncLimits })
  writeFunction(tried.directory, 'long', longCode)
  await Promise.all([tried.deploy('echo'), tried.deploy('slow'), tried.deploy('long')])
})
afterAll(async () => {
  await tried.end()
  listener.closeAllConnections()
  listener.close()
})

const callLater = (path: string, more: RequestInit & { callback?: string; headers?: Record<string, string> } = {}) =>
  fetch(`${tried.url}/async-function/${path}`, {
    method: 'POST',
    ...more,
    headers: { ...more.headers, ...(more.callback === undefined ? {} : { 'X-Callback-Url': more.callback }) },
  })
/** Until it is taken: the calls of before may still wait. */
const isTaken = (path: string, callback: string) =>
  expect.poll(async () => (await callLater(path, { callback })).status).toBe(202)
const callbackTo = (path: string) => expect.poll(() => called.find(({ url }) => url === path))
const logOf = async (name: string) => await (await tried.system('GET', `/system/logs?name=${name}`)).text()

describe('an asynchronous call', () => {
  it('is made as it was sent, and its answer goes to the callback', async () => {
    const headers = { 'content-type': 'text/csv', 'x-own': 'kept', 'X-Call-Id': 'call-1' }
    const callback = `${listens}/first?a=b`
    const answer = await callLater('echo.openfaas-fn/x?y=z', { body: '1,2', headers, callback })
    expect([answer.status, await answer.text(), answer.headers.get('x-call-id')]).toEqual([202, '', 'call-1'])
    await callbackTo('/first?a=b').toBeDefined()
    const answered = called.find(({ url }) => url === '/first?a=b')
    expect(answered?.headers).toMatchObject({
      'x-call-id': 'call-1',
      'x-function-name': 'echo',
      'x-function-status': '200',
      'x-duration-seconds': expect.stringMatching(/^\d+\.\d+$/) as string,
      'content-type': 'application/json',
    })
    const seen = JSON.parse(answered?.body ?? '') as { url: string; body: string; headers: Record<string, string> }
    expect(seen).toMatchObject({ method: 'POST', url: '/x?y=z', body: '1,2' })
    expect(seen.headers).toMatchObject({ 'content-type': 'text/csv', 'x-own': 'kept', 'x-call-id': 'call-1' })
    expect(seen.headers).not.toHaveProperty('x-callback-url')
  })

  it('is refused at once where it cannot be made', async () => {
    expect((await callLater('nobody')).status).toBe(404)
    expect((await callLater('.openfaas-fn')).status).toBe(404)
    expect((await callLater('echo', { method: 'PUT' })).status).toBe(405)
    for (const callback of ['nowhere', 'ftp://127.0.0.1/x', 'file:///etc/passwd', 'javascript:1']) {
      expect((await callLater('echo', { callback })).status).toBe(400)
    }
    expect((await callLater('echo', { body: 'x'.repeat(1_001) })).status).toBe(413)
  })

  it('tells the callback the function’s own failure, and an answer too long to keep', async () => {
    await isTaken('echo/die', `${listens}/died`)
    await callbackTo('/died').toMatchObject({ headers: { 'x-function-status': '502' } })
    await isTaken('long', `${listens}/long`)
    await callbackTo('/long').toMatchObject({
      headers: { 'x-function-status': '502' },
      body: expect.stringContaining('5000'),
    })
    await expect.poll(async () => (await fetch(`${tried.url}/function/echo`)).status).toBe(200)
  })

  it('whose callback hangs keeps no other waiting, and is given up after a while', async () => {
    for (let index = 0; index < 6; index += 1) {
      await isTaken('echo', `${listens}/hangs`)
    }
    await expect.poll(() => hanging).toBeGreaterThan(0)
    await isTaken('echo', `${listens}/after-hanging`)
    await callbackTo('/after-hanging').toBeDefined()
    await expect.poll(() => hanging).toBe(0)
    await expect.poll(() => logOf('echo')).toContain('failed: 504')
  })

  it('waits its turn, and beyond a number of waiting ones is refused: 429', async () => {
    const statuses = []
    for (let index = 0; index < 6; index += 1) statuses.push((await callLater('slow/never')).status)
    expect(statuses).toEqual([202, 202, 202, 202, 429, 429])
    expect((await tried.system('DELETE', '/system/functions', { functionName: 'slow' })).status).toBe(202)
    await expect.poll(async () => (await callLater('echo')).status, { timeout: 40_000 }).toBe(202)
  })
})

const longCode = `
import { createServer } from 'node:http'
createServer((request, response) => response.end(request.url.startsWith('/_/') ? '' : 'x'.repeat(100000)))
  .listen(Number(process.env.port), '127.0.0.1')
process.stdin.resume().on('end', () => process.exit(0))
`
