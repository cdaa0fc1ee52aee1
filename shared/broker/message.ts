import type { BrokerMessage, MessageContent, Settled } from './broker.ts'
import { deadLetterOf, type DeadLetter } from './dead-letter.ts'
import type { StompConnection } from './stomp-connection.ts'

type Description = Pick<BrokerMessage, 'id' | 'queue' | 'headers' | 'expiresAtMs' | 'isRedelivered'>

/** What the headers say. ActiveMQ writes `expires:0` for a message that never does. */
export const describeMessage = (queue: string, headers: Readonly<Record<string, string>>): Description => {
  const expires = Number(headers['expires'] ?? 0)
  return {
    id: headers['message-id'] ?? '',
    queue,
    headers,
    expiresAtMs: Number.isSafeInteger(expires) && expires > 0 ? expires : null,
    isRedelivered: headers['redelivered'] === 'true',
  }
}

/** Ends a message's stay in our hands, once, over the connection that brought it. */
export const settlingOf = (
  connection: StompConnection,
  queue: string,
  headers: Readonly<Record<string, string>>,
  content: MessageContent,
  /** Called once, when what settles it has been written: the place is free then, since the broker reads in order. */
  whenLetGo: () => void,
): Pick<BrokerMessage, 'ack' | 'deadLetter'> => {
  const id = headers['ack'] ?? ''
  let settled: Promise<Settled> | null = null

  const once = (settle: () => Promise<Settled>): Promise<Settled> => {
    if (settled) return settled
    settled = settle()
    whenLetGo()
    return settled
  }

  const outcome = (confirmed: Promise<void>): Promise<Settled> =>
    confirmed.then(
      () => 'settled',
      () => 'returned',
    )

  /** The copy and the acknowledgement take effect together or not at all. */
  const layAside = (copy: DeadLetter): Promise<void> => {
    const transaction = `dead-letter-${id}`
    connection.write('BEGIN', { transaction })
    connection.write('SEND', { ...copy.headers, transaction }, copy.body)
    connection.write('ACK', { id, transaction })
    return connection.confirm('COMMIT', { transaction })
  }

  return {
    // No receipt: a broker without TCP_NODELAY holds the next message back for 40 ms behind it. The good-bye at the end confirms all.
    ack: () => once(() => Promise.resolve(connection.write('ACK', { id }) ? 'settled' : 'returned')),
    deadLetter: (reason) =>
      once(() => {
        const copy = deadLetterOf(queue, headers, content, reason)
        // To ActiveMQ a NACK means dead-letter, not retry: for what is too large to be copied, whole but without the reason.
        return outcome(copy === null ? connection.confirm('NACK', { id }) : layAside(copy))
      }),
  }
}
