import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

export type Credentials = { readonly user: string; readonly password: string }

/** Basic authentication. An empty `Bearer`, which the command-line client sends without a login, counts as nothing. */
export function checkCredentials(expected: Credentials): MiddlewareHandler {
  const right = digest(`${expected.user}:${expected.password}`)
  return async (context, next) => {
    const given = /^Basic (.+)$/i.exec(context.req.header('Authorization') ?? '')?.[1] ?? ''
    if (!timingSafeEqual(digest(Buffer.from(given, 'base64').toString('utf8')), right)) {
      return context.text('invalid credentials', 401, { 'WWW-Authenticate': 'Basic realm="Restricted"' })
    }
    return await next()
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
