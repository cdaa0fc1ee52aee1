import { request as httpRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tryGateway, type TriedGateway } from '../try-function.ts'

let tried: TriedGateway
beforeAll(async () => {
  tried = await tryGateway(['echo', 'other'], { timing: { systemBodyMs: 300 } })
  // Called much in between: its number of replicas is to stay.
  await tried.deploy('echo', { labels: { 'com.openfaas.scale.factor': '0' } })
})
afterAll(() => tried.end())

const answered = async (method: string, path: string, body?: unknown) => {
  const answer = await tried.system(method, path, body)
  return [answer.status, await answer.text()]
}
const statusOf = async (method: string, path: string, body?: unknown) => (await answered(method, path, body))[0]

it('that the machine does not let it do is told with its cause', async () => {
  const records = join(tried.directory, 'state', 'gateway', 'functions')
  renameSync(records, `${records}-away`)
  try {
    const [status, text] = await answered('POST', '/system/functions', { service: 'other', image: '' })
    expect([status, text]).toEqual([
      500,
      expect.stringMatching(/^The gateway could not do that: ENOENT: .*other\.json/),
    ])
  } finally {
    renameSync(`${records}-away`, records)
    await tried.system('DELETE', '/system/functions', { functionName: 'other' })
  }
})

describe('a function', () => {
  it('described with its usage tells what its processes take', async () => {
    const described = async (query: string) =>
      (await (await tried.system('GET', `/system/function/echo${query}`)).json()) as {
        usage?: { cpu: number; totalMemoryBytes: number }
      }
    expect((await described('')).usage).toBeUndefined()
    const idle = (await described('?usage=1')).usage
    expect(idle?.totalMemoryBytes).toBeGreaterThan(5_000_000)
    expect(idle?.totalMemoryBytes).toBeLessThan(500_000_000)
    let isDone = false
    const calling = (async () => {
      while (!isDone) await (await fetch(`${tried.url}/function/echo`)).text()
    })()
    const busy = (await described('?usage=1')).usage
    isDone = true
    await calling
    expect(busy?.cpu).toBeGreaterThan(0)
  })

  it('is not found in another namespace, named in the query or in the body', async () => {
    const elsewhere = { namespace: 'elsewhere' }
    expect(await answered('GET', '/system/functions?namespace=elsewhere')).toEqual([200, '[]'])
    expect(await statusOf('GET', '/system/function/echo?namespace=elsewhere')).toBe(404)
    expect(await statusOf('POST', '/system/scale-function/echo?namespace=elsewhere', { replicas: 0 })).toBe(404)
    expect(await statusOf('POST', '/system/scale-function/echo', { replicas: 0, ...elsewhere })).toBe(404)
    expect(await statusOf('DELETE', '/system/functions?namespace=elsewhere', { functionName: 'echo' })).toBe(404)
    expect(await statusOf('DELETE', '/system/functions', { functionName: 'echo', ...elsewhere })).toBe(404)
    expect(await statusOf('GET', '/system/function/echo?namespace=openfaas-fn')).toBe(200)
    expect(await answered('GET', '/system/logs?name=echo&namespace=elsewhere')).toEqual([404, expect.anything()])
  })

  it('is scaled and removed under its own namespace, in the query or in the body', async () => {
    const ours = { namespace: 'openfaas-fn' }
    await tried.deploy('other')
    const body = { serviceName: 'other', replicas: 2, ...ours }
    expect(await statusOf('POST', '/system/scale-function/other?namespace=openfaas-fn', body)).toBe(202)
    const status = (await (await tried.system('GET', '/system/function/other')).json()) as { replicas: number }
    expect(status.replicas).toBe(2)
    const removal = { functionName: 'other', ...ours }
    expect(await statusOf('DELETE', '/system/functions?namespace=openfaas-fn', removal)).toBe(202)
  })
})

describe('namespaces', () => {
  it('are one, which is there and stays', async () => {
    expect(await answered('GET', '/system/namespaces')).toEqual([200, '["openfaas-fn"]'])
    expect(await statusOf('GET', '/system/namespace/openfaas-fn')).toBe(200)
    expect(await statusOf('GET', '/system/namespace/other')).toBe(404)
    expect(await answered('POST', '/system/namespace/', { name: 'openfaas-fn' })).toEqual([
      409,
      'the namespace openfaas-fn exists already',
    ])
    expect(await answered('POST', '/system/namespace/', { name: 'other', labels: {} })).toEqual([
      400,
      'there is one namespace here, openfaas-fn; others cannot be made',
    ])
    expect(await statusOf('POST', '/system/namespace/', {})).toBe(400)
    for (const verb of ['PUT', 'DELETE']) {
      expect(await statusOf(verb, '/system/namespace/openfaas-fn', { name: 'openfaas-fn' })).toBe(400)
      expect(await statusOf(verb, '/system/namespace/other', { name: 'other' })).toBe(404)
    }
  })
})

describe('secrets', () => {
  it('are made, replaced and removed once, and never shown', async () => {
    const secret = { name: 'key', value: 'hush', namespace: 'openfaas-fn' }
    expect(await statusOf('PUT', '/system/secrets', secret)).toBe(404)
    expect(await statusOf('POST', '/system/secrets', secret)).toBe(201)
    expect(await statusOf('POST', '/system/secrets', secret)).toBe(409)
    expect(await answered('GET', '/system/secrets?namespace=openfaas-fn')).toEqual([
      200,
      '[{"name":"key","namespace":"openfaas-fn"}]',
    ])
    expect(await statusOf('PUT', '/system/secrets', { ...secret, value: 'louder' })).toBe(202)
    expect(await statusOf('DELETE', '/system/secrets', { name: 'key', namespace: 'openfaas-fn' })).toBe(202)
    expect(await statusOf('DELETE', '/system/secrets', { name: 'key' })).toBe(404)
    expect(await statusOf('POST', '/system/secrets', { name: '../key', value: '' })).toBe(400)
    expect(await statusOf('POST', '/system/secrets', { name: 'key', rawValue: 'no base64!' })).toBe(400)
  })

  it('of another namespace are none', async () => {
    const secret = { name: 'far', value: 'away', namespace: 'elsewhere' }
    expect(await statusOf('POST', '/system/secrets', secret)).toBe(400)
    expect(await answered('GET', '/system/secrets?namespace=elsewhere')).toEqual([200, '[]'])
    expect(await statusOf('PUT', '/system/secrets', secret)).toBe(404)
    expect(await statusOf('DELETE', '/system/secrets?namespace=elsewhere', { name: 'far' })).toBe(404)
  })

  it('of the gateway itself are neither seen nor touched', async () => {
    tried.writeSecret('basic-auth-password', 'secret')
    const own = { name: 'basic-auth-password', value: 'mine' }
    expect(await statusOf('POST', '/system/secrets', own)).toBe(409)
    expect(await statusOf('PUT', '/system/secrets', own)).toBe(404)
    expect(await statusOf('DELETE', '/system/secrets', own)).toBe(404)
    expect(await answered('GET', '/system/secrets')).toEqual([200, '[]'])
  })
})

describe('what the client asks wrongly', () => {
  it.each([
    ['PATCH', '/system/functions', 'GET, POST, PUT, DELETE'],
    ['POST', '/system/function/echo', 'GET'],
    ['GET', '/system/scale-function/echo', 'POST'],
    ['PATCH', '/system/secrets', 'GET, POST, PUT, DELETE'],
    ['POST', '/system/logs', 'GET'],
    ['DELETE', '/system/info', 'GET'],
    ['PUT', '/system/namespaces', 'GET'],
    ['PATCH', '/system/namespace/openfaas-fn', 'GET, PUT, DELETE'],
    ['POST', '/healthz', 'GET'],
  ])('by the verb %s of %s gets 405 and the right ones', async (method, path, allowed) => {
    const answer = await tried.system(method, path)
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed])
    await answer.text()
  })

  it('in an endless or in no JSON gets 413 or 400', async () => {
    expect(await statusOf('POST', '/system/functions', { service: 'x', image: 'x'.repeat(3_000_000) })).toBe(413)
    const chunked = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
    })
    const endless = { method: 'POST', body: chunked, duplex: 'half', headers: { authorization: tried.authorization } }
    expect((await fetch(`${tried.url}/system/functions`, endless as RequestInit)).status).toBe(413)
    const notJson = { method: 'POST', body: '{', headers: { authorization: tried.authorization } }
    expect((await fetch(`${tried.url}/system/functions`, notJson)).status).toBe(400)
    expect(await statusOf('GET', '/system/nowhere')).toBe(404)
  })

  it('without credentials is not even read', async () => {
    const [method, body] = ['POST', 'x'.repeat(3_000_000)]
    expect((await fetch(`${tried.url}/system/functions`, { method, body })).status).toBe(401)
  })

  it('and does not finish gets 408', async () => {
    const socket = connect(Number(new URL(tried.url).port), '127.0.0.1').setEncoding('utf8')
    const head = `POST /system/functions HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${tried.authorization}\r\n`
    socket.write(`${head}Content-Length: 100\r\n\r\n{`)
    expect(await once(socket, 'data')).toEqual([expect.stringMatching(/^HTTP\/1.1 408 /)])
    socket.destroy()
  })

  it('after logs of nobody gets 404', async () => {
    expect(await answered('GET', '/system/logs?name=nobody')).toEqual([
      404,
      'there is no function "nobody" here, and nothing it printed',
    ])
    expect(await statusOf('GET', '/system/logs?name=../secrets/x')).toBe(422)
    expect(await statusOf('GET', '/system/logs?name=echo&tail=many')).toBe(422)
  })
})

it('metrics are on a port of their own, by the names of OpenFaaS', async () => {
  await (await fetch(`${tried.url}/function/echo`)).text()
  await (await fetch(`${tried.url}/function/echo/moved`, { redirect: 'manual' })).text()
  await (await fetch(`${tried.url}/function/nobody`)).text()
  const url = `http://127.0.0.1:${tried.gateway.metricsPort}`
  const metrics = async () => {
    const answer = await fetch(`${url}/metrics`)
    expect(answer.headers.get('content-type')).toContain('text/plain')
    return (await answer.text()).split('\n')
  }
  const echo = 'function_name="echo.openfaas-fn"'
  await expect.poll(metrics).toContain(`gateway_function_invocation_total{${echo},code="302"} 1`)
  const lines = await metrics()
  expect(lines).toContainEqual(
    expect.stringMatching(/^gateway_function_invocation_total\{function_name="echo\.openfaas-fn",code="200"\} [1-9]/),
  )
  expect(lines).toContain(`gateway_service_count{${echo}} 1`)
  expect(lines).toContain('# TYPE gateway_functions_seconds histogram')
  expect(lines).toContain(`gateway_functions_seconds_bucket{le="+Inf",${echo},code="302"} 1`)
  expect(lines.join('\n')).not.toContain('nobody')
  expect((await fetch(`${url}/`)).status).toBe(404)
  expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405)
  const asked = httpRequest(`${url}/metrics`, { headers: { host: 'evil.example' } }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  expect(answer.statusCode).toBe(421)
})
