import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { afterEach, describe, expect, it } from 'vitest'

type Child = ChildProcessByStdio<Writable, Readable, Readable>
const children: Child[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

const start = async (
  more: Readonly<Record<string, string>> = {},
): Promise<{ child: Child; url: string; said: () => string }> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'slow-function.fixture.ts')], {
    env: { ...process.env, port: '0', exit_with_parent: '1', ...more },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  children.push(child)
  let said = ''
  child.stdout.on('data', (part: Buffer) => (said += part.toString()))
  child.stderr.on('data', (part: Buffer) => (said += part.toString()))
  const port = await expect
    .poll(() => /"port":([0-9]+)/.exec(said)?.[1])
    .toBeDefined()
    .then(() => /"port":([0-9]+)/.exec(said)?.[1])
  return { child, url: `http://127.0.0.1:${port}`, said: () => said }
}

describe('a served function', () => {
  it('is alive, ready and measured', async () => {
    const { url } = await start()
    expect((await fetch(`${url}/_/health`)).status).toBe(200)
    expect((await fetch(`${url}/_/ready`)).status).toBe(200)
    expect(await (await fetch(`${url}/_/metrics`)).text()).toContain('function_request_seconds')
  })

  it('finishes what it was asked before it stops, and takes nothing new', async () => {
    const { child, url, said } = await start()
    const answer = fetch(url)
    await expect.poll(said).toContain('asked')
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await expect
      .poll(() =>
        fetch(`${url}/_/health`).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed')
    child.kill('SIGUSR2')
    expect(await (await answer).text()).toBe('done')
    expect(await ended).toEqual([0, null])
    expect(said()).not.toContain('still under way')
  })

  it('stops when its parent is gone', async () => {
    const { child } = await start()
    const ended = once(child, 'exit')
    child.stdin.end()
    expect(await ended).toEqual([0, null])
  })

  it('answers under no name but the loopback’s where it is told so', async () => {
    const statusAs = async (url: string, host: string): Promise<number | undefined> => {
      const asked = request(`${url}/echo`, { method: 'POST', headers: { host } }).end()
      const [answer] = (await once(asked, 'response')) as [IncomingMessage]
      answer.resume()
      return answer.statusCode
    }
    const [{ url: local }, { url: contained }] = await Promise.all([start({ only_loopback_names: '1' }), start()])
    const port = new URL(local).port
    expect(await statusAs(local, `rebound.example:${port}`)).toBe(421)
    expect(await statusAs(local, `localhost:${port}`)).toBe(200)
    expect(await statusAs(contained, 'reduce.isis.example')).toBe(200)
  })

  it('answers faults and oversized bodies in words, without inner details', async () => {
    const { url } = await start()
    const failed = await fetch(`${url}/fail`)
    expect(failed.status).toBe(500)
    expect(failed.headers.get('content-type')).toBe('application/problem+json')
    expect(await failed.text()).not.toContain('secret')
    expect((await fetch(`${url}/echo`, { method: 'POST', body: 'x'.repeat(101) })).status).toBe(413)
    expect((await fetch(`${url}/nowhere`)).status).toBe(404)
  })
})
