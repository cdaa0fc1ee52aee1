import { isLoopbackHost } from '#function-server/is-loopback-host.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>

export type CallerRefusal = { readonly status: number; readonly reason: string }

/**
 * Refuses what a page from elsewhere could make a browser on this machine do to a server on its loopback: reach it
 * under a foreign name (DNS rebinding), or write to it across sites. A page of another port of this machine is from
 * elsewhere too: anybody's program may serve there. Undefined where all is well.
 * @param allowedHosts names, with a port where it is not the usual one, under which a proxy in front is reached
 */
export function whyCallerIsRefused(
  method: string,
  headers: Headers,
  { port, allowedHosts }: { port: number; allowedHosts: readonly string[] },
): CallerRefusal | undefined {
  const host = text(headers['host'])
  const own = new Set(allowedHosts.map((allowed) => allowed.toLowerCase()))
  if (!isLoopbackHost(host) && !own.has(host.toLowerCase()) && !own.has(nameOf(host))) {
    return { status: 421, reason: `This gateway answers at 127.0.0.1 and localhost only, not as "${host}".` }
  }
  const origin = headers['origin']
  if (origin === undefined || method === 'GET' || method === 'HEAD') return undefined
  const from = hostOf(text(origin))
  // Where the page came from is where it asks; or it knows us by another of our names.
  const isOwn = from !== undefined && (from === hostOf(`http://${host}`) || own.has(from) || isOurPort(from, port))
  return isOwn ? undefined : { status: 403, reason: `A page of ${text(origin)} may not change anything here.` }
}

function isOurPort(from: string, port: number): boolean {
  return isLoopbackHost(from) && (new URL(`http://${from}`).port || '80') === String(port)
}

/** Name and port, the port left out where it is the usual one; undefined for what is no web address. */
function hostOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, host } = new URL(url)
  return /^https?:$/.test(protocol) ? host : undefined
}

function nameOf(host: string): string {
  const url = `http://${host}`
  return URL.canParse(url) ? new URL(url).hostname : ''
}

function text(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : ''
}
