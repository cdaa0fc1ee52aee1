import { isIP } from 'node:net'

type Headers = Readonly<Record<string, string | string[] | undefined>>

export type CallerRefusal = { readonly status: number; readonly reason: string }

/**
 * Refuses what a page from elsewhere could make a browser on this machine do to a server on its loopback: reach it
 * under a foreign name (DNS rebinding), or write to it across sites. Undefined where all is well.
 */
export function whyCallerIsRefused(
  method: string,
  headers: Headers,
  allowedHosts: readonly string[],
): CallerRefusal | undefined {
  const host = hostOf(`http://${text(headers['host'])}`)
  if (host === undefined || !isAllowed(host, allowedHosts)) {
    const reason = `This gateway answers at 127.0.0.1 and localhost only, not as "${text(headers['host'])}".`
    return { status: 421, reason }
  }
  const origin = headers['origin']
  if (origin === undefined || method === 'GET' || method === 'HEAD') return undefined
  const from = hostOf(text(origin))
  if (from !== undefined && isAllowed(from, allowedHosts)) return undefined
  return { status: 403, reason: `A page of ${text(origin)} may not change anything here.` }
}

function isAllowed(host: string, allowedHosts: readonly string[]): boolean {
  if (allowedHosts.includes(host) || host === 'localhost' || host === '[::1]') return true
  return isIP(host) === 4 && host.startsWith('127.')
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

function text(header: string | string[] | undefined): string {
  return typeof header === 'string' ? header : ''
}
