import { connect as connectTcp } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import stompit from 'stompit'
import { z } from 'zod'
import type { BrokerAddress } from './broker-address.ts'
import { BrokerUnavailable } from './broker-unavailable.ts'

type StompHeaders = Readonly<Record<string, string | number>>

/** One connection from its CONNECTED to its end; it never comes back to life. */
export type StompConnection = {
  /** Resolves with the reason when the connection has ended, by whatever cause. */
  readonly closed: Promise<string>
  /** Writes a frame, and nothing says that it arrived; false when the connection has ended already. */
  readonly write: (command: string, headers: StompHeaders, body?: Buffer) => boolean
  /**
   * Writes a frame and resolves when the broker confirms it.
   * @throws {BrokerUnavailable} when the connection ends first
   */
  readonly confirm: (command: string, headers: StompHeaders, body?: Buffer) => Promise<void>
  /** Returns what ends the subscription. Every frame's body must be read to its end. */
  readonly subscribe: (headers: StompHeaders, onMessage: (frame: StompMessage) => void) => () => void
  /** Says good-bye and ends; what was written before is done by then. */
  readonly disconnect: () => Promise<void>
}

type StompMessage = { readonly headers: Readonly<Record<string, string>>; readonly body: Readable }

export type StompLimits = {
  /** From opening the socket to CONNECTED; the library's own limit covers TCP only. */
  readonly connectMs: number
  /** A confirmation that takes longer ends the connection. */
  readonly receiptMs: number
  readonly disconnectMs: number
  readonly heartBeatMs: number
}

export const usualLimits: StompLimits = {
  connectMs: 5_000,
  receiptMs: 30_000,
  disconnectMs: 2_000,
  heartBeatMs: 10_000,
}

/** As much of the library's client as is used; bare `connect` alone, see README. */
type Client = {
  sendFrame(command: string, headers: object, options?: { onReceipt(): void }): Writable
  subscribe(headers: object, onMessage: (fault: Error | null, frame: Readable) => void): { getId(): number }
  disconnect(): void
  destroy(fault: Error): void
  on(event: 'error', listener: (fault: Error & { code?: string }) => void): void
  on(event: 'end', listener: () => void): void
}

/** The library has made a number of `content-length`. */
const headersSchema = z.record(z.string(), z.coerce.string())

/**
 * Opens a connection and waits until the broker accepts it. Whatever goes wrong later, an ERROR frame included, ends it.
 * @throws {BrokerUnavailable}
 */
export const openStompConnection = (
  address: BrokerAddress,
  limits: StompLimits,
  signal: AbortSignal,
): Promise<StompConnection> => {
  const attempted = `connect to the broker at ${address.host}:${address.port}`
  const opened = Promise.withResolvers<StompConnection>()
  const closed = Promise.withResolvers<string>()
  const unconfirmed = new Set<(reason: string) => void>()
  let endedBecause: string | null = null

  const options = {
    host: address.host,
    port: address.port,
    timeout: 0,
    // The library writes a frame in several pieces: without TCP_NODELAY each send-and-wait takes 45 ms.
    connect: (_: unknown, whenConnected?: () => void) =>
      connectTcp({ host: address.host, port: address.port, noDelay: true }, whenConnected),
    maxLineLength: 1024 * 1024,
    maxHeaders: 1000,
    // Beats go out early and are missed late: a broker that allows no grace would end a connection beating exactly at the interval.
    heartbeatOutputMargin: limits.heartBeatMs / 4,
    // ActiveMQ leaves a beat out where it has sent something else since the last one, so up to two intervals are still; the library
    // looks at fixed windows.
    heartbeatDelayMargin: limits.heartBeatMs * 1.25,
    connectHeaders: {
      'accept-version': '1.2',
      'heart-beat': `${limits.heartBeatMs},${limits.heartBeatMs}`,
      ...(address.user === null ? {} : { login: address.user }),
      ...(address.password === null ? {} : { passcode: address.password }),
    },
  }
  const client: Client = stompit.connect(options, (fault) => {
    if (fault === null) opened.resolve(connection)
  })
  const giveUp = (): void => client.destroy(new Error('the attempt was called off'))
  const deadline = setTimeout(
    () => client.destroy(new Error(`the broker did not answer within ${limits.connectMs} ms`)),
    limits.connectMs,
  )
  const stopWaiting = (): void => {
    clearTimeout(deadline)
    signal.removeEventListener('abort', giveUp)
  }
  const end = (why: string): void => {
    if (endedBecause !== null) return
    const reason = why.replace(/\.+$/, '')
    endedBecause = reason
    stopWaiting()
    for (const reject of [...unconfirmed]) reject(reason)
    closed.resolve(reason)
    opened.reject(new BrokerUnavailable(attempted, reason))
  }
  // Only the text goes on: the library hangs its options, password included, on the fault. A refused `localhost` has no text, only a code.
  client.on('error', (fault) => end(fault.message || fault.code || 'the connection failed'))
  client.on('end', () => end('the connection was closed'))
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()

  const put = (command: string, headers: StompHeaders, body?: Buffer, onReceipt?: () => void): void => {
    // A copy: the library writes the receipt's number into the object it is given.
    const frame = client.sendFrame(command, { ...headers }, onReceipt && { onReceipt })
    if (body === undefined || body.length === 0) frame.end()
    else frame.end(body)
  }

  const connection: StompConnection = {
    closed: closed.promise,
    write(command, headers, body) {
      if (endedBecause !== null) return false
      put(command, headers, body)
      return true
    },
    confirm: (command, headers, body) =>
      new Promise((resolve, reject) => {
        const what = `have the broker confirm ${command}`
        if (endedBecause !== null) return reject(new BrokerUnavailable(what, endedBecause))
        const tooLate = setTimeout(
          () => client.destroy(new Error(`the broker did not confirm ${command} within ${limits.receiptMs} ms`)),
          limits.receiptMs,
        )
        const lost = (reason: string): void => {
          clearTimeout(tooLate)
          unconfirmed.delete(lost)
          reject(new BrokerUnavailable(what, reason))
        }
        unconfirmed.add(lost)
        put(command, headers, body, () => {
          clearTimeout(tooLate)
          unconfirmed.delete(lost)
          resolve()
        })
      }),
    subscribe(headers, onMessage) {
      if (endedBecause !== null) return () => undefined
      let isOver = false
      const subscription = client.subscribe({ ...headers }, (fault, frame) => {
        if (fault !== null) return
        // ActiveMQ may deliver once more after UNSUBSCRIBE, even after its receipt; it also hands that message to somebody else.
        if (isOver) frame.resume()
        else onMessage({ headers: headersSchema.parse(Reflect.get(frame, 'headers')), body: frame })
      })
      return () => {
        isOver = true
        // Not the library's own `unsubscribe`: it forgets the number, and ends the connection over such a late message.
        if (endedBecause === null) put('UNSUBSCRIBE', { id: subscription.getId() })
      }
    },
    async disconnect() {
      if (endedBecause !== null) return
      const tooLate = setTimeout(
        () => client.destroy(new Error('the broker did not say good-bye')),
        limits.disconnectMs,
      )
      client.disconnect()
      await closed.promise
      clearTimeout(tooLate)
    },
  }
  void opened.promise.then(stopWaiting, stopWaiting)
  return opened.promise
}
