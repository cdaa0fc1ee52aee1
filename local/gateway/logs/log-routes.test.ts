import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tryGateway, type TriedGateway } from '../try-function.ts'
import type { LogLine } from './log-store.ts'

let tried: TriedGateway
beforeAll(async () => {
  tried = await tryGateway(['echo'])
  await tried.deploy('echo')
})
afterAll(() => tried.end())

const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine)
const logs = (query: string) => tried.system('GET', `/system/logs?${query}`)

describe('the logs of a function', () => {
  it('are what it prints on both streams, with time and instance', async () => {
    const answer = await logs('name=echo&tail=-1&namespace=openfaas-fn')
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson')
    const lines = linesOf(await answer.text())
    expect(lines.map((line) => line.text).sort()).toEqual(['another line', 'one line'])
    expect(lines[0]).toMatchObject({ name: 'echo', namespace: 'openfaas-fn' })
    expect(lines[0]?.instance).toMatch(/^echo-/)
    expect(Date.parse(lines[0]?.timestamp ?? '')).toBeGreaterThan(Date.now() - 60_000)
  })

  it('can be asked for their end, from a time on, and of one instance', async () => {
    expect(linesOf(await (await logs('name=echo&tail=1')).text())).toHaveLength(1)
    const future = new Date(Date.now() + 60_000).toISOString()
    expect(await (await logs(`name=echo&since=${future}`)).text()).toBe('')
    expect(await (await logs('name=echo&instance=echo-other')).text()).toBe('')
    expect((await logs('name=echo&since=yesterday')).status).toBe(422)
    expect((await logs('')).status).toBe(422)
  })

  it('can be followed: what is printed from now on comes at once', async () => {
    const gone = new AbortController()
    const answer = await fetch(`${tried.url}/system/logs?name=echo&follow=true&tail=0`, {
      signal: gone.signal,
      headers: { authorization: `Basic ${btoa('admin:secret')}` },
    })
    const reader = answer.body?.getReader()
    const calling = fetch(`${tried.url}/function/echo/never`, { signal: gone.signal }).catch(() => undefined)
    const { value } = (await reader?.read()) ?? {}
    expect(linesOf(Buffer.from(value ?? []).toString())[0]?.text).toBe('never begins')
    gone.abort()
    await calling
  })
})
