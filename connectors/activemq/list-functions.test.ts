import { createServer } from 'node:http'
import { createServer as createRawServer, type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { listedFunction, openScriptedGateway } from '../../tests/support/scripted-gateway.ts'
import { GatewayUnavailable, listFunctions, type GatewayAccess } from './list-functions.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const signal = new AbortController().signal
const access = (gatewayUrl: string, more: Partial<GatewayAccess> = {}): GatewayAccess => ({
  gatewayUrl,
  credentials: () => null,
  timeoutMs: 10_000,
  ...more,
})

const serverThat = async (answers: Readonly<Record<string, string>>, status = 200): Promise<string> => {
  const server = createServer((request, response) => {
    const body = answers[request.url ?? '']
    if (body !== undefined) response.writeHead(status).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('The functions of every namespace are listed, with what matters here', async () => {
  const url = await serverThat({
    '/system/namespaces': '["openfaas-fn","b c"]',
    '/system/functions?namespace=openfaas-fn': JSON.stringify([
      listedFunction('process', 'DataReady', { envVars: { max_inflight: '2' }, extra: { unknown: true } }),
    ]),
    '/system/functions?namespace=b%20c': '[{"name":"bare","annotations":null}]',
  })
  expect(await listFunctions(access(url), [], signal)).toEqual([
    {
      name: 'process',
      namespace: 'openfaas-fn',
      availableReplicas: 1,
      annotations: { topic: 'DataReady' },
      labels: { faas_function: 'process' },
      envVars: { max_inflight: '2' },
    },
    { name: 'bare', namespace: 'b c', availableReplicas: 0, annotations: {}, labels: {}, envVars: {} },
  ])
})

test('Where namespaces are given, the gateway is not asked for them', async () => {
  const url = await serverThat({ '/system/functions?namespace=mine': '[]' })
  expect(await listFunctions(access(url), ['mine'], signal)).toEqual([])
})

test('A provider that answers null has no functions', async () => {
  const url = await serverThat({ '/system/namespaces': 'null' })
  expect(await listFunctions(access(url), [], signal)).toEqual([])
})

test('Credentials are read anew for each question', async () => {
  const gateway = await openScriptedGateway({
    functions: () => [listedFunction('process', 'DataReady')],
    onCall: () => undefined,
    credentials: 'admin:new',
  })
  closing.push(gateway.close)
  let password = 'old'
  const withCredentials = access(gateway.url, { credentials: () => ({ user: 'admin', password }) })
  await expect(listFunctions(withCredentials, [], signal)).rejects.toThrow('the gateway answered 401')
  password = 'new'
  expect(await listFunctions(withCredentials, [], signal)).toHaveLength(1)
})

test.each([
  ['an answer that is not JSON', { '/system/namespaces': '<html>' }, 200, 'not JSON'],
  ['namespaces of another shape', { '/system/namespaces': '{"a":1}' }, 200, 'list of namespaces is not as expected'],
  [
    'functions of another shape',
    { '/system/namespaces': '["a"]', '/system/functions?namespace=a': '[{"title":"x"}]' },
    200,
    'list of functions is not as expected',
  ],
  ['an error', { '/system/namespaces': 'oh' }, 500, 'the gateway answered 500'],
  ['silence', {}, 200, 'no answer within 0.1 s', 100],
])('After %s it is the gateway that is unavailable', async (_, answers, status, words, timeoutMs = 30_000) => {
  const url = await serverThat(answers, status)
  const asked = listFunctions(access(url, { timeoutMs }), [], signal)
  await expect(asked).rejects.toBeInstanceOf(GatewayUnavailable)
  await expect(asked).rejects.toThrow(words)
})

test('A redirection is not followed, and where it leads is said', async () => {
  const server = createServer((_, response) => response.writeHead(308, { location: 'https://faas.example/x?y' }).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(() => resolve())))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await expect(listFunctions(access(url), [], signal)).rejects.toThrow(
    'the gateway answered 308, a redirection to https://faas.example; gateway_url must be where the gateway itself answers',
  )
})

test.each([
  ['speaks another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['changes the protocol', 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'],
  ['sends headers without end', `HTTP/1.1 200 OK\r\n${'x-more: and more\r\n'.repeat(5_000)}`],
])('A gateway that %s is unavailable', async (_, answer) => {
  const server = createRawServer((socket) => {
    socket.on('error', () => undefined).resume()
    socket.write(answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(() => resolve())))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await expect(listFunctions(access(url), [], signal)).rejects.toBeInstanceOf(GatewayUnavailable)
})

test('Nobody listens there', async () => {
  await expect(listFunctions(access('http://127.0.0.1:1'), [], signal)).rejects.toThrow('ECONNREFUSED')
})
