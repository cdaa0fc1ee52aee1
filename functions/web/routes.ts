import { Hono, type Context } from 'hono'
import { baseFor } from './base-for.ts'
import { chooseEncoding } from './choose-encoding.ts'
import { readPublic, type Encoding, type PublicFile } from './read-public.ts'
import { securityHeaders } from './security-headers.ts'

export type WebOptions = {
  /** Folder of the portal's build. */
  readonly publicRoot: string
  /** Where the API lies, as an address or relative to the portal; absent: beside the portal, which finds out by itself. */
  readonly apiBase?: string
}

const forever = 'public, max-age=31536000, immutable'
/** Asked for again each time, and answered with 304 while nothing has changed. */
const checked = 'no-cache'

const escaped = (text: string): string => text.replace(/[&"<>]/g, (letter) => `&#${letter.charCodeAt(0)};`)

const completed = (html: string, base: string, apiBase: string): string =>
  html
    .replace(/<base href="[^"]*"/, () => `<base href="${base}"`)
    .replace(/<meta name="api-base" content="[^"]*"/, () => `<meta name="api-base" content="${escaped(apiBase)}"`)

const answerFile = (context: Context, file: PublicFile, isImmutable: boolean): Response => {
  const headers = new Headers({
    ...securityHeaders,
    'cache-control': isImmutable ? forever : checked,
    'content-type': file.mediaType,
    etag: file.etag,
    vary: 'accept-encoding',
  })
  if (context.req.header('if-none-match')?.includes(file.etag)) return new Response(null, { status: 304, headers })
  const offered = (['br', 'gzip'] as const).filter((encoding: Encoding) => file.encoded[encoding])
  const encoding = chooseEncoding(context.req.header('accept-encoding'), offered)
  if (encoding) headers.set('content-encoding', encoding)
  const bytes = (encoding && file.encoded[encoding]) ?? file.bytes
  headers.set('content-length', String(bytes.length))
  return new Response(bytes, { headers })
}

const answerText = (status: number, text: string): Response =>
  new Response(text, {
    status,
    headers: { ...securityHeaders, 'cache-control': 'no-store', 'content-type': 'text/plain; charset=utf-8' },
  })

/** Paths that are never a page of the portal: files with an ending, the build's folder, and the API when a proxy sends it here. */
const isNoPage = (path: string): boolean => /^\/(assets|api)(\/|$)/.test(path) || /\.[A-Za-z0-9]+$/.test(path)

/** Serves the portal: its files as they were built, and for every page the same document with the base that fits its path. */
export const webRoutes = ({ publicRoot, apiBase = '' }: WebOptions): Hono => {
  const files = readPublic(publicRoot)
  const index = files.get('index.html')
  const html = index && new TextDecoder().decode(index.bytes)
  const app = new Hono()

  app.on(['GET', 'HEAD'], '*', (context) => {
    const { path } = context.req
    const file = path === '/index.html' ? undefined : files.get(path.slice(1))
    if (file) return answerFile(context, file, path.startsWith('/assets/'))
    if (path !== '/index.html' && isNoPage(path)) return answerText(404, `There is nothing at ${path}.\n`)
    if (html === undefined)
      return answerText(503, 'The portal has not been built. Run “npm run build”, then start the function web again.\n')
    const page = completed(html, baseFor(path), apiBase)
    return new Response(page, {
      headers: { ...securityHeaders, 'cache-control': checked, 'content-type': 'text/html; charset=utf-8' },
    })
  })
  app.all('*', () => {
    const answer = answerText(405, 'The portal’s pages can only be read.\n')
    answer.headers.set('allow', 'GET, HEAD')
    return answer
  })
  return app
}
