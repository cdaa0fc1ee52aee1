import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { webRoutes } from './routes.ts'

const html =
  '<!doctype html><head><base href="./" /><meta name="api-base" content="" /><script type="module" src="./assets/index-1.js"></script></head>'
let root = ''

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'web-'))
  mkdirSync(join(root, 'assets'))
  writeFileSync(join(root, 'index.html'), html)
  writeFileSync(join(root, 'theme.js'), 'theme()')
  writeFileSync(join(root, 'assets/index-1.js'), 'portal()')
  writeFileSync(join(root, 'assets/index-1.js.br'), 'brotli')
  writeFileSync(join(root, 'assets/index-1.js.gz'), gzipSync('portal()'))
})
afterAll(() => {
  rmSync(root, { recursive: true })
})

const ask = (path: string, init?: RequestInit): Response | Promise<Response> =>
  webRoutes({ publicRoot: root }).request(path, init)

describe('the function web', () => {
  it.each([
    ['/', './'],
    ['/index.html', './'],
    ['/waiting', './'],
    ['/instruments/ENGINX', '../'],
    ['/instruments/ENGINX/', '../../'],
    ['/instruments/ENGINX/rerun?runs=1-5', '../../'],
    ['/reductions/123', '../'],
    ['/no/such/page', '../../'],
  ])('answers %s with the portal and the base %s', async (path, base) => {
    const answer = await ask(path)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    expect(await answer.text()).toContain(`<base href="${base}" />`)
  })

  it('names the API where the settings do, and lets no markup through', async () => {
    const named = await webRoutes({ publicRoot: root, apiBase: '/a"><script>' }).request('/')
    expect(await named.text()).toContain('<meta name="api-base" content="/a&#34;&#62;&#60;script&#62;" />')
  })

  it('forbids everything that is not its own: scripts in the page, frames, other hosts', async () => {
    for (const path of ['/', '/assets/index-1.js', '/missing.js']) {
      const { headers } = await ask(path)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('same-origin')
    }
  })

  it('serves built files for good and the others with a tag to ask by', async () => {
    const asset = await ask('/assets/index-1.js')
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(await asset.text()).toBe('portal()')
    const theme = await ask('/theme.js')
    expect(theme.headers.get('cache-control')).toBe('no-cache')
    const again = await ask('/theme.js', { headers: { 'if-none-match': theme.headers.get('etag') ?? '' } })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
  })

  it.each([
    ['br, gzip', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0, *', 'gzip'],
    ['identity', null],
    ['', null],
  ])('to “%s” sends the form %s', async (accepted, encoding) => {
    const answer = await ask('/assets/index-1.js', { headers: { 'accept-encoding': accepted } })
    expect(answer.headers.get('content-encoding')).toBe(encoding)
    expect(answer.headers.get('vary')).toBe('accept-encoding')
    expect(Number(answer.headers.get('content-length'))).toBe((await answer.arrayBuffer()).byteLength)
  })

  it.each(['/assets/missing.js', '/favicon.ico', '/api/v1/runs', '/../etc/passwd.txt', '/assets/../../secret.js'])(
    'has nothing at %s and says so',
    async (path) => {
      const answer = await ask(path)
      expect(answer.status).toBe(404)
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    },
  )

  it('answers HEAD without a body and refuses to be written to', async () => {
    const head = await ask('/instruments/ENGINX', { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(await head.text()).toBe('')
    const post = await ask('/', { method: 'POST' })
    expect(post.status).toBe(405)
    expect(post.headers.get('allow')).toBe('GET, HEAD')
  })

  it('says what to do where the portal was never built', async () => {
    const answer = await webRoutes({ publicRoot: join(root, 'nowhere') }).request('/')
    expect(answer.status).toBe(503)
    expect(await answer.text()).toContain('has not been built')
  })
})
