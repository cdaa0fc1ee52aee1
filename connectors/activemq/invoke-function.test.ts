import { createServer } from 'node:http'
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
    callId: 'call-1',
    text: 'done',
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
