import { createHash, timingSafeEqual } from 'node:crypto'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Does the `Authorization` header carry the key by which our functions know each other? Takes the same time for every wrong key. */
export const carriesInternalKey = (authorization: string | undefined, internalKey: string): boolean => {
  const given = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
  return given !== undefined && timingSafeEqual(digest(given), digest(internalKey))
}
