/** A database's address that cannot be used. The message holds no part of the address, since that carries the password. */
export class DatabaseAddressFault extends Error {
  override readonly name = 'DatabaseAddressFault'
  readonly retryable = false

  constructor(why: string) {
    super(`The database's address ${why}; expected mysql://user:password@host:port/database.`)
  }
}

const canBeDecoded = (text: string): boolean => {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/**
 * Gives the address back as it is where it can be used. The driver's own complaint about a wrong one would show all of it.
 * @throws {DatabaseAddressFault}
 */
export const checkDatabaseAddress = (text: string): string => {
  const url = URL.parse(text)
  if (!url) throw new DatabaseAddressFault('is not a URL')
  if (url.protocol !== 'mysql:') throw new DatabaseAddressFault(`begins with ${url.protocol}`)
  if (url.hostname === '') throw new DatabaseAddressFault('names no host')
  if (!canBeDecoded(url.username) || !canBeDecoded(url.password)) {
    throw new DatabaseAddressFault('has a broken % escape in its user or password')
  }
  return text
}
