import type { BrokerStatus, SendOptions } from './broker.ts'
import { BrokerUnavailable } from './broker-unavailable.ts'
import type { Clock } from './clock.ts'
import { destinationOf } from './queue-name.ts'
import type { StompConnection } from './stomp-connection.ts'

/** Messages on their way out: written at once where there is a connection, else when there is one, each until its own deadline. */
export type Outbox = {
  readonly send: (queue: string, body: string, options?: SendOptions) => Promise<void>
  readonly connected: (connection: StompConnection) => void
  readonly disconnected: () => void
  /** Takes nothing more; resolves when what was written is confirmed or given up. */
  readonly close: () => Promise<void>
}

/** More than this many waiting for a broker that is down are refused at once. */
const mostWaiting = 10_000

const whyNot = (status: BrokerStatus, withinMs: number): string => {
  switch (status.state) {
    case 'down':
      return status.reason
    case 'closed':
      return 'the connection to the broker has been closed'
    case 'idle':
    case 'connecting':
    case 'connected':
      return `the broker did not confirm within ${withinMs} ms`
  }
}

export const openOutbox = (options: {
  readonly withinMs: number
  readonly clock: Clock
  readonly status: () => BrokerStatus
}): Outbox => {
  type Message = { readonly write: (connection: StompConnection) => void; readonly giveUp: () => void }
  const waiting = new Set<Message>()
  const underway = new Set<Promise<void>>()
  let connection: StompConnection | null = null
  let isClosed = false

  const send: Outbox['send'] = (queue, body, sendOptions = {}) => {
    const attempted = `send a message to ${queue}`
    const unavailable = (): BrokerUnavailable =>
      new BrokerUnavailable(attempted, whyNot(options.status(), options.withinMs))
    if (isClosed) return Promise.reject(unavailable())
    if (waiting.size >= mostWaiting) return Promise.reject(unavailable())

    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const bytes = Buffer.from(body)
    const headers = {
      ...sendOptions.headers,
      destination: destinationOf(queue),
      'content-length': bytes.length,
      // With a length alone ActiveMQ would keep the body as bytes, which its console does not show.
      'amq-msg-type': 'text',
      ...(sendOptions.isPersistent ? { persistent: 'true' } : {}),
      ...(sendOptions.expiresInMs === undefined ? {} : { expires: options.clock.now() + sendOptions.expiresInMs }),
    }
    const done = new AbortController()
    const message: Message = {
      write(over) {
        over.confirm('SEND', headers, bytes).then(resolve, (cause: unknown) => {
          if (!(cause instanceof BrokerUnavailable)) return reject(cause)
          const { reason, isLasting } = cause
          reject(new BrokerUnavailable(attempted, reason, { cause, isLasting }))
        })
      },
      giveUp: () => reject(unavailable()),
    }
    void options.clock.sleep(options.withinMs, done.signal).then(() => {
      if (!done.signal.aborted) message.giveUp()
    })
    const settled = promise.finally(() => {
      done.abort()
      waiting.delete(message)
      underway.delete(settled)
    })
    underway.add(settled)
    if (connection) message.write(connection)
    else waiting.add(message)
    return settled
  }

  return {
    send,
    connected(opened) {
      connection = opened
      for (const message of waiting) message.write(opened)
      waiting.clear()
    },
    disconnected() {
      connection = null
    },
    async close() {
      isClosed = true
      for (const message of waiting) message.giveUp()
      await Promise.allSettled(underway)
    },
  }
}
