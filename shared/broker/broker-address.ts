export type BrokerAddress = {
  readonly host: string
  readonly port: number
  readonly isEncrypted: boolean
  readonly user: string | null
  readonly password: string | null
}

/** A broker's address that cannot be used. The message holds no part of the address, since that carries the password. */
export class BrokerAddressFault extends Error {
  override readonly name = 'BrokerAddressFault'
  readonly retryable = false

  constructor(why: string) {
    super(
      `The broker's address ${why}; expected stomp://user:password@host:port, or stomp+ssl://user:password@host:port for TLS.`,
    )
  }
}

const ports: Readonly<Record<string, number>> = { 'stomp:': 61613, 'stomp+ssl:': 61614 }

/** What people write instead, and what it is. */
const otherProtocols: Readonly<Record<string, string>> = {
  'tcp:': ', which is OpenWire at another port (61616)',
  'ssl:': ', which is OpenWire over TLS at another port',
  'nio:': ', which is OpenWire at another port (61616)',
  'stomp+nio:': ', which only the broker’s own settings know: to a client that port is stomp:',
  'stomp+nio+ssl:': ', which only the broker’s own settings know: to a client that port is stomp+ssl:',
  'amqp:': ', which is another protocol at another port',
  'mqtt:': ', which is another protocol at another port',
  'failover:': ', but only one broker can be named',
}

const decoded = (text: string): string | null => {
  try {
    return text === '' ? null : decodeURIComponent(text)
  } catch {
    throw new BrokerAddressFault('has a broken % escape in its user or password')
  }
}

/**
 * Reads `stomp://user:password@host:port` or, for TLS, `stomp+ssl://…`; the port is 61613 or 61614 where none is given, user and
 * password may be percent-encoded.
 * @throws {BrokerAddressFault}
 */
export const parseBrokerAddress = (text: string): BrokerAddress => {
  const url = URL.parse(text.trim())
  if (!url) throw new BrokerAddressFault('is not a URL')
  const usualPort = ports[url.protocol]
  if (usualPort === undefined) {
    throw new BrokerAddressFault(`begins with ${url.protocol}${otherProtocols[url.protocol] ?? ''}`)
  }
  if (url.hostname === '') throw new BrokerAddressFault('names no host')
  // Such as `?verifyHostName=false` of other clients: who writes it must not believe that it does something.
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
    throw new BrokerAddressFault(
      'has something behind the port; there are no options (a /, ? or # in a password is written %2F, %3F, %23)',
    )
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? usualPort : Number(url.port),
    isEncrypted: url.protocol === 'stomp+ssl:',
    user: decoded(url.username),
    password: decoded(url.password),
  }
}
