import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { identify } from '../../processes/identity.ts'
import type { LogLine } from '../logs/log-store.ts'
import { tryGateway, writeFunction, type TriedGateway } from '../try-function.ts'

/** What the command-line client and OpenFaaS' certifier deploy: an image of which only the program's name counts here. */
const image = 'docker.io/functions/alpine:latest'

let tried: TriedGateway
const call = (path: string, init?: RequestInit) => fetch(`${tried.url}/function/${path}`, init)
const text = async (path: string, init?: RequestInit) => (await call(path, init)).text()
const deploy = (service: string, envProcess: string, more: object = {}) =>
  tried.deploy(service, { image, envProcess, ...more })
const linesOf = async (name: string) => {
  const answer = await tried.system('GET', `/system/logs?name=${name}&tail=-1`)
  const lines = (await answer.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => (JSON.parse(line) as LogLine).text)
}
/** Its name holds no space: OpenFaaS splits an fprocess at spaces, so more than a few words go into a file. */
const scripts = mkdtempSync(join(tmpdir(), 'watchdog-test-'))
const script = (name: string, code: string) => {
  writeFileSync(join(scripts, name), code)
  return `sh ${join(scripts, name)}`
}
const isThere = (pid: number) => identify(pid) !== undefined

beforeAll(async () => {
  tried = await tryGateway([])
})
afterAll(async () => {
  await tried.end()
  rmSync(scripts, { recursive: true, force: true })
})

describe('a function of an image and an fprocess', () => {
  it('is run once for each call: body in, answer out, the call in its environment', async () => {
    await Promise.all([deploy('env-test', 'env', { envVars: { custom_env: 'custom value' } }), deploy('echo', 'cat')])
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await call('env-test.openfaas-fn/a/b?testing=1', { method, headers: { 'X-Served-By': 'me' } })
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-call-id')).toMatch(/./)
      expect(answer.headers.get('x-start-time')).toMatch(/^\d{19}$/)
      const lines = (await answer.text()).split('\n')
      expect(lines).toContain(`Http_Method=${method}`)
      expect(lines).toContain('Http_Query=testing=1')
      expect(lines).toContain('Http_Path=/a/b')
      expect(lines).toContain('Http_X_Served_By=me')
      expect(lines).toContain('custom_env=custom value')
      expect(lines).toContain('fprocess=env')
      expect(lines.filter((line) => /^(watchdog|NODE_|exit_with_parent|port)=/.test(line))).toEqual([])
    }
    const body = 'x'.repeat(5_000_000)
    expect(await text('echo', { method: 'POST', body })).toBe(body)
    expect(await text('echo')).toBe('')
    expect((await call('env-test', { method: 'OPTIONS' })).status).toBe(405)
  })

  it('says in its log that it forked, and how much it wrote', async () => {
    await deploy('test-logger', 'cat')
    expect(await text('test-logger.openfaas-fn', { method: 'POST', body: 'openfaas-fn' })).toBe('openfaas-fn')
    await expect.poll(() => linesOf('test-logger')).toHaveLength(2)
    const [forked, wrote] = await linesOf('test-logger')
    expect(forked).toBe('Forking fprocess.')
    expect(wrote).toMatch(/^Wrote 11 Bytes - Duration: 0\.\d+s$/)
  })

  it('reads its secrets where a container would have them, and the new ones after a change', async () => {
    const secret = { name: 'word', value: 'hush', namespace: 'openfaas-fn' }
    expect((await tried.system('POST', '/system/secrets', secret)).status).toBe(201)
    await deploy('secret-reader', 'cat /var/openfaas/secrets/word', { secrets: ['word'] })
    await deploy('secret-guesser', 'cat /var/openfaas/secrets/word')
    expect(await text('secret-reader', { method: 'POST' })).toBe('hush')
    expect((await call('secret-guesser', { method: 'POST' })).status).toBe(500)
    expect((await tried.system('PUT', '/system/secrets', { ...secret, value: 'louder' })).status).toBe(202)
    expect(await text('secret-reader', { method: 'POST' })).toBe('louder')
  })

  it('answers with the caller’s content type, or its own where one is set', async () => {
    await deploy('typed', 'cat', { envVars: { content_type: 'text/csv' } })
    const csv = { method: 'POST', body: '1', headers: { 'content-type': 'application/json' } }
    expect((await call('echo', csv)).headers.get('content-type')).toBe('application/json')
    expect((await call('typed', csv)).headers.get('content-type')).toBe('text/csv')
    expect((await call('echo')).headers.get('content-type')).toBe('text/plain; charset=utf-8')
  })

  it('that fails is a 500 with what it said', async () => {
    const both = script('fails.sh', 'echo out; echo err >&2; exit 3')
    await Promise.all([deploy('fails', both), deploy('parted', both, { envVars: { combine_output: 'false' } })])
    const answer = await call('fails')
    expect(answer.status).toBe(500)
    expect((await answer.text()).split('\n').sort()).toEqual(['', 'err', 'exit status 3', 'out'])
    expect(await text('parted')).toBe('exit status 3\nout\n')
    await expect.poll(() => linesOf('parted')).toContain('stderr: err')
    expect((await linesOf('fails')).at(-1)).toMatch(/^fprocess failed: exit status 3 - Duration/)
  })

  it('whose program is not on this machine says so, to the caller and in the log', async () => {
    await deploy('handler', './handler')
    const answer = await call('handler')
    expect(answer.status).toBe(500)
    const sentence = await answer.text()
    expect(sentence).toContain('The program "./handler" of fprocess is not on this machine')
    await expect.poll(() => linesOf('handler')).toContain(sentence.trim())
  })

  it('is refused where its settings are wrong', async () => {
    const refused = async (envVars: object) => {
      const answer = await tried.system('POST', '/system/functions', {
        service: 'x',
        image,
        envProcess: 'cat',
        envVars,
      })
      return [answer.status, await answer.text()]
    }
    expect(await refused({ mode: 'static' })).toEqual([400, expect.stringContaining('mode is "static"')])
    expect(await refused({ combine_output: 'perhaps' })).toEqual([400, expect.stringContaining('combine_output')])
    expect(await refused({ exec_timeout: 'soon' })).toEqual([400, expect.stringContaining('exec_timeout')])
  })

  it('is ended with all it started when its exec_timeout is over: 504', async () => {
    const pids = join(scripts, 'slow-pids')
    const code = `sleep 1000 & echo $! $$ > "${pids}"; wait`
    await deploy('slow', script('slow.sh', code), { envVars: { exec_timeout: '1s' } })
    expect((await call('slow')).status).toBe(504)
    const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number)
    await expect.poll(() => started.filter(isThere)).toEqual([])
    await expect.poll(() => linesOf('slow')).toContainEqual(expect.stringContaining('its exec_timeout of 1 s was over'))
  })

  it('is ended with all it started when the caller goes', async () => {
    const pids = join(scripts, 'left-pids')
    await deploy('left', script('left.sh', `sleep 1000 & echo $! $$ > "${pids}"; wait`))
    const gone = new AbortController()
    const calling = call('left', { signal: gone.signal })
    await expect.poll(() => existsSync(pids) && readFileSync(pids, 'utf8')).toMatch(/\d+ \d+\n/)
    gone.abort()
    await expect(calling).rejects.toThrow()
    const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number)
    await expect.poll(() => started.filter(isThere)).toEqual([])
    await expect.poll(() => linesOf('left')).toContainEqual(expect.stringContaining('the caller has gone'))
  })

  it('takes so many calls at a time as max_inflight says: 429', async () => {
    const go = join(scripts, 'go')
    const code = `while [ ! -e "${go}" ]; do sleep 0.05; done; echo done`
    await deploy('narrow', script('narrow.sh', code), { envVars: { max_inflight: '1' } })
    const first = call('narrow')
    await expect.poll(() => linesOf('narrow')).toContain('Forking fprocess.')
    expect((await call('narrow')).status).toBe(429)
    writeFileSync(go, '')
    expect(await (await first).text()).toBe('done\n')
    await expect.poll(async () => (await call('narrow')).status).toBe(200)
  })

  it('answers at once in the mode of streaming, and is broken off when it fails later', async () => {
    const [go, stop] = [join(scripts, 'go-on'), join(scripts, 'stop-it')]
    const code = `echo first; while [ ! -e "${go}" ]; do sleep 0.05; done; echo second; [ ! -e "${stop}" ]`
    await deploy('flow', script('flow.sh', code), { envVars: { mode: 'streaming' } })
    const reader = (await call('flow')).body?.getReader()
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('first\n')
    writeFileSync(go, '')
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('second\n')
    expect((await reader?.read())?.done).toBe(true)
    writeFileSync(stop, '')
    await expect(text('flow')).rejects.toThrow()
  })

  it('holds no more of a long answer than a bounded beginning, and slows the program down to its reader', async () => {
    await deploy('endless', 'yes')
    const answer = await call('endless')
    expect(answer.status).toBe(200)
    const reader = answer.body?.getReader()
    let size = 0
    while (size < 20_000_000) size += (await reader?.read())?.value?.length ?? 0
    const status = await tried.system('GET', '/system/function/endless?usage=1')
    const { usage } = (await status.json()) as { usage: { totalMemoryBytes: number } }
    expect(usage.totalMemoryBytes).toBeGreaterThan(1_000_000)
    expect(usage.totalMemoryBytes).toBeLessThan(200_000_000)
    await reader?.cancel()
    await expect.poll(() => linesOf('endless')).toContainEqual(expect.stringContaining('the caller has gone'))
  })

  it('need not read its input: the rest of the body is read away', async () => {
    await deploy('deaf', 'true')
    const answer = await call('deaf', { method: 'POST', body: 'x'.repeat(3_000_000) })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })

  it('finishes what it holds when it is replaced, and takes nothing with it that it did not start', async () => {
    const go = join(scripts, 'finish')
    const code = `while [ ! -e "${go}" ]; do sleep 0.05; done; echo "$VERSION"`
    const process = script('version.sh', code)
    await deploy('version', process, { envVars: { VERSION: '1' } })
    const held = call('version')
    await expect.poll(() => linesOf('version')).toContain('Forking fprocess.')
    await deploy('version', process, { envVars: { VERSION: '2' } })
    const next = call('version')
    writeFileSync(go, '')
    expect([await (await held).text(), await (await next).text()]).toEqual(['1\n', '2\n'])
  })

  it('can be called by the gateway only: a page that finds its port gets nothing', async () => {
    const status = (await (await tried.system('GET', '/local/status')).json()) as {
      functions: { name: string; instances: { port: number }[] }[]
    }
    const port = status.functions.find(({ name }) => name === 'echo')?.instances[0]?.port
    const direct = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x', headers })
    expect((await direct({})).status).toBe(403)
    expect((await direct({ 'x-call-id': '1' })).status).toBe(200)
  })
})

describe('a function with a folder of code and an fprocess', () => {
  const server = `require('http').createServer((q, a) => a.end(process.cwd())).listen(process.env.port, '127.0.0.1')
process.stdin.resume().on('end', () => process.exit(0))`

  it('is a server that stays, as before; unless its mode says otherwise', async () => {
    const folder = join(tried.directory, 'dist', 'served')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'index.js'), server)
    await deploy('served', `${process.execPath} index.js`)
    expect(await text('served')).toBe(folder)
    await deploy('served', 'ls', { envVars: { mode: 'serializing' } })
    expect(await text('served')).toBe('index.js\n')
  })

  it('finds its code and Node where the template’s image has them, as the client sends it for stack.yml', async () => {
    writeFunction(tried.directory, 'templated')
    await deploy('templated', 'node /home/app/function/main.mjs', { secrets: [] })
    const seen = (await (await call('templated/environment')).json()) as Record<string, string>
    expect(seen['exit_with_parent']).toBe('1')
    const answer = await tried.system('POST', '/system/functions', {
      service: 'uncoded',
      image,
      envProcess: 'node /home/app/function/main.mjs',
    })
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('no code')])
  })

  it('without a folder is a server where its mode is http', async () => {
    const path = join(scripts, 'anywhere.cjs')
    writeFileSync(path, server)
    await deploy('anywhere', `${process.execPath} ${path}`, { envVars: { mode: 'http' } })
    expect(await text('anywhere')).toMatch(/scratch\/anywhere$/)
  })
})

it('a watchdog that is killed takes the programs of its calls with it, and its successor what those had started', async () => {
  const pids = join(scripts, 'orphan-pids')
  await deploy('orphan', script('orphan.sh', `sleep 1000 & echo $! $$ > "${pids}"; wait`))
  const calling = call('orphan').catch(() => undefined)
  await expect.poll(() => existsSync(pids) && readFileSync(pids, 'utf8')).toMatch(/\d+ \d+\n/)
  const status = (await (await tried.system('GET', '/local/status')).json()) as {
    functions: { name: string; instances: { pid: number }[] }[]
  }
  const watchdog = status.functions.find(({ name }) => name === 'orphan')?.instances[0]?.pid
  process.kill(watchdog ?? 0, 'SIGKILL')
  await calling
  const started = readFileSync(pids, 'utf8').trim().split(' ').map(Number)
  await expect.poll(() => started.filter(isThere)).toEqual([])
})
