import { createServer } from 'node:http'
import { createServer as createRawServer, type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { openScriptedGateway, type Call } from '../../tests/support/scripted-gateway.ts'
import { invokeFunction, type Invocation } from './invoke-function.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const gatewayThat = async (onCall: (call: Call) => void) => {
  const gateway = await openScriptedGateway({ functions: () => [], onCall })
  closing.push(gateway.close)
  return gateway
}

const invoke = (gatewayUrl: string, more: Partial<Invocation> = {}) =>
  invokeFunction({
    gatewayUrl,
    functionName: 'process.openfaas-fn',
    topic: 'DataReady',
    body: '{"grüße":1}',
    contentType: 'application/json',
    messageId: 'ID:1',
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...more,
  })

test('The function gets the body and is told connector, topic and message', async () => {
  const calls: Call[] = []
  const gateway = await gatewayThat((call) => {
    calls.push(call)
    call.answer(201, 'done')
  })
  expect(await invoke(gateway.url)).toEqual({
    event: { kind: 'answered', status: 201 },
    isByFunction: false,
    callId: 'call-1',
    text: 'done',
    seconds: expect.any(Number) as number,
  })
  expect(calls[0]).toMatchObject({
    functionName: 'process.openfaas-fn',
    body: '{"grüße":1}',
    headers: {
      'x-connector': 'activemq-connector',
      'x-topic': 'DataReady',
      'x-message-id': 'ID:1',
      // A connection kept from an earlier call may be dead, and its end would look like a call that was cut.
      connection: 'close',
      'content-type': 'application/json',
      'content-length': '13',
    },
  })
})

test('Of a long answer only the beginning is kept', async () => {
  const gateway = await gatewayThat((call) => call.answer(200, 'x'.repeat(1_000_000)))
  expect((await invoke(gateway.url)).text).toHaveLength(4_096)
})

test('A gateway where nobody listens was not reached; one that hangs up has cut the call', async () => {
  const gateway = await gatewayThat((call) => call.cut())
  expect((await invoke(gateway.url)).event).toEqual({ kind: 'cut', reason: 'socket hang up' })
  await gateway.close()
  expect((await invoke(gateway.url)).event).toMatchObject({
    kind: 'unreached',
    reason: expect.stringContaining('ECONNREFUSED') as string,
  })
})

test('A call that takes longer than its limit is cut', async () => {
  const gateway = await gatewayThat(() => undefined)
  expect((await invoke(gateway.url, { timeoutMs: 50 })).event).toEqual({
    kind: 'cut',
    reason: 'it took longer than 0.05 s',
  })
})

test('A call can be called off, also before it began', async () => {
  const stopping = new AbortController()
  const gateway = await gatewayThat(() => stopping.abort())
  const calledOff = { reason: 'the connector is stopping' }
  expect((await invoke(gateway.url, { signal: stopping.signal })).event).toEqual({ kind: 'cut', ...calledOff })
  expect((await invoke(gateway.url, { signal: stopping.signal })).event).toEqual({ kind: 'unreached', ...calledOff })
})

test('An answer that breaks off in its middle is a cut', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('some', () => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(() => resolve())))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  expect((await invoke(`http://127.0.0.1:${port}`)).event.kind).toBe('cut')
})

/** A gateway that answers every connection with these bytes, and ends it or not. */
const gatewaySaying = async (bytes: string, isEnded = false): Promise<string> => {
  const server = createRawServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => (isEnded ? socket.end(bytes) : socket.write(bytes)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(() => resolve())))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test.each([
  ['speaks another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['speaks TLS', '\u0015\u0003\u0003\u0000\u0002\u0002\n'],
  ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
  ['sends headers without end', `HTTP/1.1 200 OK\r\n${'x-more: and more\r\n'.repeat(5_000)}`],
])('A gateway that %s has cut the call', async (_, bytes) => {
  expect((await invoke(await gatewaySaying(bytes))).event.kind).toBe('cut')
})

test.each([429, 503])(
  'A %i whose body breaks off counts all the same: nobody has worked on the message',
  async (status) => {
    const url = await gatewaySaying(`HTTP/1.1 ${status} No\r\ncontent-length: 100\r\n\r\nsome`, true)
    expect(await invoke(url)).toMatchObject({ event: { kind: 'answered', status }, text: 'some' })
  },
)

test('A redirection is an answer, and is not followed', async () => {
  const calls: Call[] = []
  const gateway = await gatewayThat((call) => {
    calls.push(call)
    call.answer(302)
  })
  expect((await invoke(gateway.url)).event).toEqual({ kind: 'answered', status: 302 })
  expect(calls).toHaveLength(1)
})

test('What no header can hold is percent-encoded: a queue may have any name and a message any content type', async () => {
  const calls: Call[] = []
  const gateway = await gatewayThat((call) => {
    calls.push(call)
    call.answer(200)
  })
  await invoke(gateway.url, { topic: 'Größe 日本', contentType: 'text/plain\r\nx-evil: 1', messageId: 'ID:\ud800' })
  expect(calls[0]?.headers).toMatchObject({
    'x-topic': 'Gr%C3%B6%C3%9Fe %E6%97%A5%E6%9C%AC',
    'content-type': 'text/plain%0D%0Ax-evil: 1',
    'x-message-id': 'ID:%EF%BF%BD',
  })
  expect(calls[0]?.headers['x-evil']).toBeUndefined()
})

test('A gateway that takes the connection and never begins TLS was not reached', async () => {
  const url = (await gatewaySaying('')).replace('http:', 'https:')
  expect((await invoke(url, { connectMs: 100 })).event).toEqual({
    kind: 'unreached',
    reason: 'no connection within 0.1 s',
  })
})
