import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import stompit from 'stompit'
import type { BrokerAddress } from './broker-address.ts'
import type { ConnectionFault } from './explain-fault.ts'

export type StompHeaders = Readonly<Record<string, string>>

/** As much of the library's client as is used; bare `connect` alone, see README. */
export type StompClient = {
  sendFrame(command: string, headers: object, options?: { onReceipt(): void }): Writable
  /** Only takes note of a subscription; the frame is ours to send. */
  setImplicitSubscription(
    id: number,
    ack: 'client-individual',
    onMessage: (fault: Error | null, frame: Readable) => void,
  ): void
  setCommandHandler(command: string, handler: (frame: Readable) => void): void
  disconnect(): void
  destroy(fault: Error): void
  on(event: 'error', listener: (fault: ConnectionFault) => void): void
  on(event: 'end', listener: () => void): void
}

/** A frame's headers as texts: the library has made a number of `content-length`. */
export const headersOf = (frame: Readable): StompHeaders => {
  const headers: unknown = Reflect.get(frame, 'headers')
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]))
}

/** Above what ActiveMQ lets through. A limit that a message exceeds would end the connection, and the message would come again with the next. */
const [longestLine, mostHeaders] = [64 * 1024 * 1024, 100_000]

/** The library asks a frame's headers themselves what they own; a message with a header of that name would end the whole process. */
const keepHeadersHarmless = (client: StompClient): void => {
  const harmless = Object.defineProperty({}, 'hasOwnProperty', {
    get: () => Object.prototype.hasOwnProperty,
    set: () => undefined,
  })
  let headers: object = {}
  Object.defineProperty(Reflect.get(client, '_incoming'), '_headers', {
    get: () => headers,
    set: (given: object) => void (headers = Object.setPrototypeOf(given, harmless) as object),
  })
}

/** Begins to connect; the callback is called when the broker has accepted. Everything else is told by `error` and `end`. */
export const connectClient = (
  address: BrokerAddress,
  heartBeatMs: number,
  open: (whenConnected?: () => void) => Socket,
  whenAccepted: () => void,
): StompClient => {
  const options = {
    host: address.host,
    port: address.port,
    timeout: 0,
    connect: (_: unknown, whenConnected?: () => void) => open(whenConnected),
    maxLineLength: longestLine,
    maxHeaders: mostHeaders,
    // Beats go out early and are missed late: a broker that allows no grace would end a connection beating exactly at the interval.
    heartbeatOutputMargin: heartBeatMs / 4,
    // ActiveMQ leaves a beat out where it has sent something else since the last one, so up to two intervals are still; the library
    // looks at fixed windows.
    heartbeatDelayMargin: heartBeatMs * 1.25,
    connectHeaders: {
      'accept-version': '1.2',
      'heart-beat': `${heartBeatMs},${heartBeatMs}`,
      ...(address.user === null ? {} : { login: address.user }),
      ...(address.password === null ? {} : { passcode: address.password }),
    },
  }
  const connecting: unknown = stompit.connect(options, (fault) => {
    if (fault === null) whenAccepted()
  })
  // The library's types call frames that come in Writable.
  const client = connecting as StompClient
  keepHeadersHarmless(client)
  return client
}
