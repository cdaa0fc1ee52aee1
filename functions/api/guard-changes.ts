import type { MiddlewareHandler } from 'hono'
import { refusal } from './refuse.ts'

const changes = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

const hostIn = (origin: URL, host: string): string | undefined => {
  try {
    return new URL(`${origin.protocol}//${host}`).host
  } catch {
    return undefined
  }
}

/**
 * Does the page that asks come from where this service is reached? Browsers name the page's origin with every change; whoever names none
 * is no browser. Behind a proxy the host that people typed is in `X-Forwarded-Host`, which a foreign page cannot set.
 */
export const isFromElsewhere = (headers: {
  readonly origin: string | undefined
  readonly fetchSite: string | undefined
  readonly hosts: readonly (string | undefined)[]
}): boolean => {
  if (headers.fetchSite === 'cross-site') return true
  if (headers.origin === undefined) return false
  let origin: URL
  try {
    origin = new URL(headers.origin)
  } catch {
    return true
  }
  return !headers.hosts.some((host) => host !== undefined && host !== '' && hostIn(origin, host) === origin.host)
}

const isJson = (contentType: string | undefined): boolean =>
  /^application\/json\s*(;|$)/i.test(contentType?.trim() ?? '')

const faultInJson = (text: string): string | undefined => {
  try {
    JSON.parse(text)
    return undefined
  } catch (fault) {
    return fault instanceof Error ? fault.message : String(fault)
  }
}

/**
 * Stands before every route that changes something: no page of another site may ask for it, and a body is JSON, which a foreign page
 * cannot send without asking the browser first. Without a body (`dismiss`, `retry`) no content type is needed.
 */
export const guardChanges: MiddlewareHandler = async (context, next) => {
  if (!changes.has(context.req.method)) return next()
  const from = {
    origin: context.req.header('origin'),
    fetchSite: context.req.header('sec-fetch-site'),
    hosts: [context.req.header('host'), ...(context.req.header('x-forwarded-host')?.split(',') ?? [])].map((host) =>
      host?.trim(),
    ),
  }
  if (isFromElsewhere(from)) {
    return refusal(
      403,
      `A page of ${from.origin ?? 'another site'} may not change anything here. Use the portal itself.`,
      {},
      'Not allowed from there',
    )
  }
  const text = await context.req.text()
  const contentType = context.req.header('content-type')
  if (text === '' && contentType === undefined) return next()
  if (!isJson(contentType)) {
    const given = contentType === undefined ? 'It has none' : `It is “${contentType}”`
    return refusal(
      415,
      `The body's content type must be application/json. ${given}. With curl: -H 'Content-Type: application/json'`,
    )
  }
  const fault = text === '' ? undefined : faultInJson(text)
  if (fault !== undefined) return refusal(400, `The body is not JSON: ${fault}.`)
  return next()
}
