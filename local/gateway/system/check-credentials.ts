import { createHash, timingSafeEqual } from 'node:crypto'

export type Credentials = { readonly user: string; readonly password: string }

/**
 * Basic authentication: does an `Authorization` header carry these? An empty `Bearer`, which the command-line client sends
 * without a login, counts as nothing. Takes the same time for every wrong one.
 */
export function credentialsCheck(expected: Credentials): (authorization: string | undefined) => boolean {
  const right = digest(`${expected.user}:${expected.password}`)
  return (authorization) => {
    const given = /^Basic (.+)$/i.exec(authorization ?? '')?.[1] ?? ''
    return timingSafeEqual(digest(Buffer.from(given, 'base64').toString('utf8')), right)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
