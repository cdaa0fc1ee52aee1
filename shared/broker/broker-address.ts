export type BrokerAddress = {
  readonly host: string
  readonly port: number
  readonly user: string | null
  readonly password: string | null
}

/** A broker's address that cannot be used. The message holds no part of the address, since that carries the password. */
export class BrokerAddressFault extends Error {
  override readonly name = 'BrokerAddressFault'
  readonly retryable = false

  constructor(why: string) {
    super(`The broker's address ${why}; expected stomp://user:password@host:port.`)
  }
}

const decoded = (text: string): string | null => {
  try {
    return text === '' ? null : decodeURIComponent(text)
  } catch {
    throw new BrokerAddressFault('has a broken % escape in its user or password')
  }
}

/**
 * Reads `stomp://user:password@host:port`; the port is 61613 where none is given, user and password may be percent-encoded.
 * @throws {BrokerAddressFault}
 */
export const parseBrokerAddress = (text: string): BrokerAddress => {
  const url = URL.parse(text.trim())
  if (!url) throw new BrokerAddressFault('is not a URL')
  if (url.protocol !== 'stomp:') throw new BrokerAddressFault(`begins with ${url.protocol}`)
  if (url.hostname === '') throw new BrokerAddressFault('names no host')
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 61613 : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
  }
}
