import { BrokerUnavailable } from './broker-unavailable.ts'
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
  place: {
    /** Makes the broker take back what is unsettled in it. */
    readonly endSubscription: () => void
    /** Called once, when what settles the message has been written: the place is free then, since the broker reads in order. */
    readonly letGo: () => void
  },
): Pick<BrokerMessage, 'ack' | 'deadLetter' | 'giveBack'> => {
  const id = headers['ack'] ?? ''
  let settled: Promise<Settled> | null = null
  const once = (settle: () => Promise<Settled>): Promise<Settled> => (settled ??= settle())

  /** No receipt: a broker without TCP_NODELAY holds the next message back for 40 ms behind it. The good-bye at the end confirms all. */
  const ack = (): Settled => {
    const isWritten = connection.write('ACK', { id })
    place.letGo()
    return isWritten ? 'settled' : 'returned'
  }

  const confirmed = async (command: string, frame: Readonly<Record<string, string>>): Promise<Settled> => {
    const confirming = connection.confirm(command, frame)
    place.letGo()
    return confirming.then(
      () => 'settled',
      () => 'returned',
    )
  }

  /**
   * The copy and the acknowledgement take effect together or not at all. The copy is confirmed before the rest is written: ActiveMQ commits what
   * is left of a transaction in which it has refused a message. Refused is it where we may not write to the dead letters.
   */
  const layAside = async (copy: DeadLetter): Promise<Settled | 'refused'> => {
    const transaction = `dead-letter-${id}`
    connection.write('BEGIN', { transaction })
    try {
      await connection.confirm('SEND', { ...copy.headers, transaction }, copy.body)
    } catch (fault) {
      if (fault instanceof BrokerUnavailable && fault.isLasting) {
        connection.write('ABORT', { transaction })
        return 'refused'
      }
      place.letGo()
      return 'returned'
    }
    connection.write('ACK', { id, transaction })
    return await confirmed('COMMIT', { transaction })
  }

  return {
    ack: () => once(() => Promise.resolve(ack())),
    deadLetter: (reason) =>
      once(async () => {
        const copy = deadLetterOf(queue, headers, content, reason)
        const laidAside = copy === null ? 'refused' : await layAside(copy)
        if (laidAside !== 'refused') return laidAside
        // To ActiveMQ a NACK means dead-letter, not retry: it needs no permission of ours and copies nothing, and says no reason.
        return await confirmed('NACK', { id })
      }),
    giveBack: () =>
      once(() => {
        place.endSubscription()
        place.letGo()
        return Promise.resolve('returned')
      }),
  }
}
