import { request as httpRequest } from 'node:http'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tryGateway, type TriedGateway } from './try-function.ts'

type Echo = { method: string; url: string; headers: Record<string, string>; pid: number; body: string }

let tried: TriedGateway
const call = (path: string, init?: RequestInit) => fetch(tried.url + path, init)
const echo = async (path: string, init?: RequestInit) => (await (await call(path, init)).json()) as Echo

beforeAll(async () => {
  tried = await tryGateway(['echo', 'web', 'api', 'short', 'narrow'])
  await Promise.all([
    tried.deploy('echo'),
    tried.deploy('web'),
    tried.deploy('api'),
    tried.deploy('short', { envVars: { exec_timeout: '200ms' } }),
    tried.deploy('narrow', { envVars: { max_inflight: '1' } }),
  ])
})
afterAll(() => tried.end())

describe('a call through the gateway', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('reaches the function by %s', async (method) => {
    const body = method === 'GET' ? undefined : 'some words'
    const seen = await echo('/function/echo/a%20b/c?d=e%2Ff', { method, body })
    expect(seen).toMatchObject({ method, url: '/a%20b/c?d=e%2Ff', body: body ?? '' })
  })

  it('reaches the function by HEAD, and is refused by other verbs', async () => {
    expect((await call('/function/echo', { method: 'HEAD' })).status).toBe(200)
    expect((await call('/function/echo', { method: 'PROPFIND' })).status).toBe(405)
  })

  it('finds a function with its namespace, and no other namespace or function', async () => {
    expect(await echo('/function/echo.openfaas-fn')).toMatchObject({ url: '/' })
    for (const name of ['nobody', '.openfaas-fn', 'echo.elsewhere', '']) {
      expect((await call(`/function/${name}`)).status).toBe(404)
    }
  })

  it('leads / to web and /api to api, as the production proxy does', async () => {
    const web = await echo('/runs/1?x=1')
    expect(web).toMatchObject({ url: '/runs/1?x=1' })
    const api = await echo('/api/v1/runs')
    expect(api).toMatchObject({ url: '/v1/runs', headers: { 'x-forwarded-prefix': '/api' } })
    expect(api.pid).not.toBe(web.pid)
    expect(await echo('/apiary')).toMatchObject({ url: '/apiary', pid: web.pid })
  })

  it('tells the function who called and the caller how long it took', async () => {
    const answer = await call('/function/echo', { headers: { 'X-Call-Id': 'my-call' } })
    const { headers } = (await answer.json()) as Echo
    expect(headers['x-call-id']).toBe('my-call')
    expect(headers['x-start-time']).toMatch(/^\d{19}$/)
    expect(headers['x-forwarded-host']).toBe(new URL(tried.url).host)
    expect(headers['x-forwarded-for']).toBe('127.0.0.1')
    expect(answer.headers.get('x-call-id')).toBe('my-call')
    expect(Number(answer.headers.get('x-duration-seconds'))).toBeGreaterThan(0)
    expect((await call('/function/echo')).headers.get('x-call-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('passes redirections and repeated headers on as they are', async () => {
    const answer = await call('/function/echo/moved', { redirect: 'manual' })
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toBe('/elsewhere')
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('streams both ways, each piece as it comes', async () => {
    const sent = httpRequest(`${tried.url}/function/echo/stream`, { method: 'POST' })
    sent.write('first')
    const [answer] = (await once(sent, 'response')) as [NodeJS.ReadableStream]
    answer.setEncoding?.('utf8')
    expect(await once(answer, 'data')).toEqual(['first'])
    sent.write('second')
    expect(await once(answer, 'data')).toEqual(['second'])
    sent.end()
    await once(answer, 'end')
  })

  it('is taken from the function when the caller goes', async () => {
    const gone = new AbortController()
    const calling = call('/function/echo/never', { signal: gone.signal })
    await expect.poll(() => logsOf('echo')).toContain('never begins')
    gone.abort()
    await expect(calling).rejects.toThrow()
    await expect.poll(() => logsOf('echo')).toContain('the caller has gone')
  })

  it('gets 504 when the function takes longer than its exec_timeout', async () => {
    expect((await call('/function/short/never')).status).toBe(504)
    expect((await call('/function/short')).status).toBe(200)
  })

  it('gets 429 when every replica is at its max_inflight', async () => {
    const slow = call('/function/narrow/soon')
    await expect.poll(async () => (await call('/function/narrow')).status).toBe(429)
    expect(await (await slow).text()).toBe('soon')
    await expect.poll(async () => (await call('/function/narrow')).status).toBe(200)
  })

  it('is broken off when the function dies in the middle of its answer', async () => {
    const answer = await call('/function/echo/half')
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
  })

  it('is answered 202 and made afterwards by /async-function, its answer going to the callback', async () => {
    const callback = `${tried.url}/function/api/called-back`
    const answer = await call('/async-function/echo.openfaas-fn/x', {
      method: 'POST',
      body: 'later',
      headers: { 'X-Callback-Url': callback },
    })
    expect(answer.status).toBe(202)
    expect(answer.headers.get('x-call-id')).toMatch(/./)
    expect((await call('/async-function/echo')).status).toBe(405)
    const wrong = { method: 'POST', headers: { 'X-Callback-Url': 'nowhere' } }
    expect((await call('/async-function/echo', wrong)).status).toBe(400)
  })
})

describe('the gateway', () => {
  it('refuses to be reached under a foreign name', async () => {
    const sent = httpRequest(`${tried.url}/function/echo`, { headers: { host: 'evil.example' } }).end()
    const [answer] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }]
    answer.resume()
    expect(answer.statusCode).toBe(421)
  })

  it('lets no page from elsewhere write, and lets its own pages', async () => {
    const post = (origin: string) => call('/api/v1/submissions', { method: 'POST', headers: { origin } })
    expect((await post('https://evil.example')).status).toBe(403)
    expect((await post('null')).status).toBe(403)
    expect((await post(tried.url)).status).toBe(200)
    expect((await post(tried.url.replace('127.0.0.1', 'localhost'))).status).toBe(200)
    expect((await post('http://localhost:1')).status).toBe(403)
  })

  it('answers /healthz to anybody and /system to those with credentials', async () => {
    expect((await call('/healthz')).status).toBe(200)
    const answer = await call('/system/functions', { headers: { authorization: 'Bearer ' } })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="Restricted"')
    expect(await answer.text()).toBe('invalid credentials')
    expect((await tried.system('GET', '/system/functions')).status).toBe(200)
  })
})

async function logsOf(name: string): Promise<string> {
  return await (await tried.system('GET', `/system/logs?name=${name}&tail=-1`)).text()
}
