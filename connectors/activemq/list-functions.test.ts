import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
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

test('Nobody listens there', async () => {
  await expect(listFunctions(access('http://127.0.0.1:1'), [], signal)).rejects.toThrow('ECONNREFUSED')
})
