import type { Log } from '#function-server/log.ts'
import { brokerBackOff, type BackOff } from './back-off.ts'
import { parseBrokerAddress } from './broker-address.ts'
import { assertEncryptedIfMeant, noCertificates, type BrokerCertificates } from './broker-certificates.ts'
import type { Broker, BrokerStatus } from './broker.ts'
import { systemClock, type Clock } from './clock.ts'
import { keepConnected, type Supervision } from './keep-connected.ts'
import { openOutbox } from './outbox.ts'
import { openStompConnection, usualLimits, type StompConnection, type StompLimits } from './stomp-connection.ts'
import { takeMessages, type Taker } from './take-messages.ts'

export type BrokerOptions = {
  /**
   * `stomp://user:password@host:port`, or `stomp+ssl://…` for TLS; a function is asked before each attempt, so that a changed secret is
   * noticed.
   */
  readonly url: string | (() => string)
  /** Asked before each attempt, too. By default the system's authorities are trusted and nothing is shown. */
  readonly certificates?: () => BrokerCertificates
  readonly log: Log
  /** How long `send` waits for the broker's confirmation, a missing connection included. Default 5 s. */
  readonly sendWithinMs?: number
  readonly limits?: StompLimits
  readonly backOff?: BackOff
  readonly clock?: Clock
  readonly random?: () => number
}

/** Opens nothing yet: the first `send` or `subscribe` does. From then on the connection is kept up until `close`. */
export const openBroker = (options: BrokerOptions): Broker => {
  const clock = options.clock ?? systemClock
  const random = options.random ?? Math.random
  const stopping = new AbortController()
  const takers = new Set<Taker>()
  let connection: StompConnection | null = null
  let connectedSinceMs = 0
  let connections = 0
  let supervision: Supervision | null = null
  let isClosed = false

  const connect = async (signal: AbortSignal): Promise<StompConnection> => {
    const address = parseBrokerAddress(typeof options.url === 'string' ? options.url : options.url())
    const certificates = options.certificates?.() ?? noCertificates
    assertEncryptedIfMeant(address.isEncrypted, certificates)
    return openStompConnection(address, certificates, options.limits ?? usualLimits, signal)
  }

  const begin = (): void => {
    if (isClosed) return
    supervision ??= keepConnected<StompConnection>({
      what: 'The broker',
      connect,
      onUp(opened) {
        connection = opened
        connectedSinceMs = clock.now()
        connections += 1
        options.log.info({ event: { action: 'broker-connected' } }, 'connected to the broker')
        for (const taker of takers) taker.connected(opened)
        outbox.connected(opened)
      },
      onDown() {
        connection = null
        outbox.disconnected()
        for (const taker of takers) taker.disconnected()
      },
      backOff: options.backOff ?? brokerBackOff,
      clock,
      random,
      log: options.log,
      signal: stopping.signal,
    })
  }

  const status = (): BrokerStatus => {
    if (isClosed) return { state: 'closed' }
    if (connection) return { state: 'connected', sinceMs: connectedSinceMs }
    const outage = supervision?.outage()
    if (outage) return { state: 'down', ...outage }
    return { state: supervision ? 'connecting' : 'idle' }
  }

  const outbox = openOutbox({ withinMs: options.sendWithinMs ?? 5_000, clock, status })

  return {
    async send(queue, body, sendOptions) {
      begin()
      return await outbox.send(queue, body, sendOptions)
    },
    subscribe(queue, subscribeOptions) {
      const taker = takeMessages(queue, subscribeOptions, { log: options.log, clock, random })
      takers.add(taker)
      begin()
      if (connection) taker.connected(connection)
      return {
        setPrefetch: taker.setPrefetch,
        isListening: taker.isListening,
        close: () => taker.close().finally(() => takers.delete(taker)),
      }
    },
    status,
    connections: () => connections,
    async close() {
      isClosed = true
      await outbox.close()
      stopping.abort()
      await supervision?.ended
    },
  }
}
