import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { BrokerAddress } from './broker-address.ts'
import { secureContextOf, type BrokerCertificates } from './broker-certificates.ts'
import { BrokerUnavailable } from './broker-unavailable.ts'
import { explainTlsFault, type ConnectionFault, type Explanation } from './explain-fault.ts'
import { openSocket, type Stage } from './open-socket.ts'
import { connectClient, headersOf, type StompHeaders } from './stomp-client.ts'

type GivenHeaders = Readonly<Record<string, string | number>>

/** One connection from its CONNECTED to its end; it never comes back to life. */
export type StompConnection = {
  /** Resolves with the reason when the connection has ended, by whatever cause. */
  readonly closed: Promise<string>
  /** Writes a frame, and nothing says that it arrived; false when the connection has ended already. */
  readonly write: (command: string, headers: GivenHeaders, body?: Buffer) => boolean
  /**
   * Writes a frame and resolves when the broker confirms it.
   * @throws {BrokerUnavailable} lasting when the broker says no, after which the connection goes on; else because it ended first
   */
  readonly confirm: (command: string, headers: GivenHeaders, body?: Buffer) => Promise<void>
  /** Returns what ends the subscription. Every frame's body must be read to its end. */
  readonly subscribe: (headers: GivenHeaders, on: SubscriptionEvents) => () => void
  /** Says good-bye and ends; what was written before is done by then. */
  readonly disconnect: () => Promise<void>
}

export type SubscriptionEvents = {
  readonly message: (frame: { readonly headers: StompHeaders; readonly body: Readable }) => void
  /** The broker has said yes, or no with its reason. Neither, when the connection ends first. */
  readonly accepted: () => void
  readonly refused: (reason: string) => void
}

export type StompLimits = {
  /** From opening the socket to CONNECTED; the library's own limit covers TCP only. */
  readonly connectMs: number
  /** A confirmation that takes longer ends the connection. */
  readonly receiptMs: number
  readonly disconnectMs: number
  /** A broker that is silent is left after two and a quarter to four and a half of these. */
  readonly heartBeatMs: number
}

export const usualLimits: StompLimits = {
  connectMs: 5_000,
  receiptMs: 30_000,
  disconnectMs: 2_000,
  heartBeatMs: 10_000,
}

/** What is told of a frame that the broker was asked to confirm. */
type Asked = {
  readonly confirmed: () => void
  readonly refused: (reason: string) => void
  readonly lost: (reason: string) => void
}

/** A TLS record of the kind "alert": what a TLS port says to a STOMP frame. */
const isTlsAlert = (data: Buffer): boolean => data[0] === 0x15 && data[1] === 0x03

/** No broker is known to say a password back, but nobody can promise it. */
const withoutPassword = (text: string, password: string | null): string =>
  password === null || password.length < 4 ? text : text.replaceAll(password, '…')

/**
 * Opens a connection and waits until the broker accepts it. Whatever goes wrong later ends it, and so does an ERROR frame, unless it names the
 * frame that it refuses.
 * @throws {BrokerUnavailable}
 * @throws {BrokerCertificateFault}
 */
export const openStompConnection = async (
  address: BrokerAddress,
  certificates: BrokerCertificates,
  limits: StompLimits,
  signal: AbortSignal,
): Promise<StompConnection> => {
  const secureContext = address.isEncrypted ? secureContextOf(certificates) : null
  const where = `${address.host}:${address.port}`
  const opened = Promise.withResolvers<StompConnection>()
  const closed = Promise.withResolvers<string>()
  const asked = new Map<string, Asked>()
  let stage: Stage = 'reaching'
  let endedBecause: string | null = null

  const openIts = (whenConnected?: () => void): Socket => {
    const socket = openSocket(address, secureContext, (reached) => void (stage = reached), whenConnected)
    socket.once('data', (data: Buffer) => {
      if (address.isEncrypted || !isTlsAlert(data)) return
      end({ reason: `${where} speaks TLS; its address begins with stomp+ssl:`, isLasting: true })
      giveUp()
    })
    return socket
  }
  const client = connectClient(address, limits.heartBeatMs, openIts, () => {
    client.setCommandHandler('ERROR', heardNo)
    opened.resolve(connection)
  })
  const giveUp = (): void => client.destroy(new Error('the attempt was called off'))
  const deadline = setTimeout(() => {
    const within = `within ${limits.connectMs} ms`
    // A plain port may wait in silence for the rest of what it takes for a frame.
    const why =
      stage === 'beginning TLS'
        ? `${where} did not begin TLS ${within}; an address without TLS begins with stomp:`
        : `the broker did not answer ${within}`
    client.destroy(new Error(why))
  }, limits.connectMs)
  const stopWaiting = (): void => {
    clearTimeout(deadline)
    signal.removeEventListener('abort', giveUp)
  }
  const end = ({ reason: why, isLasting }: Explanation): void => {
    if (endedBecause !== null) return
    const reason = withoutPassword(why, address.password).replace(/\.+$/, '')
    endedBecause = reason
    stopWaiting()
    for (const { lost } of [...asked.values()]) lost(reason)
    closed.resolve(reason)
    opened.reject(new BrokerUnavailable(`connect to the broker at ${where}`, reason, { isLasting }))
  }
  // Only the text goes on: the library hangs its options, password included, on the fault. A refused `localhost` has no text, only a code.
  const explain = (fault: ConnectionFault): Explanation =>
    explainTlsFault(fault, address, certificates) ?? {
      reason: fault.message || fault.code || 'the connection failed',
      isLasting: fault.isApplicationError?.() === true,
    }
  client.on('error', (fault) => end(explain(fault)))
  client.on('end', () => end({ reason: 'the connection was closed', isLasting: false }))
  signal.addEventListener('abort', giveUp)
  if (signal.aborted) giveUp()

  /** ActiveMQ goes on after it has refused a frame: then nothing else needs to end. */
  const heardNo = (frame: Readable): void => {
    frame.resume()
    const { message = 'the broker sent an error without a word', 'receipt-id': receipt = '' } = headersOf(frame)
    const reason = withoutPassword(message, address.password).replace(/\.+$/, '')
    const refused = asked.get(receipt)
    if (refused) refused.refused(reason)
    else client.destroy(new Error(reason))
  }

  const put = (command: string, headers: GivenHeaders, body?: Buffer, onReceipt?: () => void): string => {
    // A copy: the library writes the receipt's number into the object it is given.
    const own: Record<string, string | number> = { ...headers }
    const frame = client.sendFrame(command, own, onReceipt && { onReceipt })
    if (body === undefined || body.length === 0) frame.end()
    else frame.end(body)
    return String(own['receipt'])
  }

  /** Writes a frame that the broker is to confirm; one of `on` is told what became of it. */
  const ask = (command: string, headers: GivenHeaders, body: Buffer | undefined, on: Asked): void => {
    const tooLate = setTimeout(
      () => client.destroy(new Error(`the broker did not confirm ${command} within ${limits.receiptMs} ms`)),
      limits.receiptMs,
    )
    const settle = (): void => {
      clearTimeout(tooLate)
      asked.delete(receipt)
    }
    const receipt = put(command, headers, body, () => {
      settle()
      on.confirmed()
    })
    asked.set(receipt, {
      ...on,
      refused(reason) {
        settle()
        on.refused(reason)
      },
      lost(reason) {
        settle()
        on.lost(reason)
      },
    })
  }

  let subscriptions = 0
  const connection: StompConnection = {
    closed: closed.promise,
    write(command, headers, body) {
      if (endedBecause !== null) return false
      put(command, headers, body)
      return true
    },
    confirm: (command, headers, body) =>
      new Promise((resolve, reject) => {
        const fail = (reason: string, isLasting: boolean): void =>
          reject(new BrokerUnavailable(`have the broker confirm ${command}`, reason, { isLasting }))
        if (endedBecause !== null) return fail(endedBecause, false)
        ask(command, headers, body, {
          confirmed: resolve,
          refused: (reason) => fail(reason, true),
          lost: (reason) => fail(reason, false),
        })
      }),
    subscribe(headers, on) {
      if (endedBecause !== null) return () => undefined
      const id = (subscriptions += 1)
      let isOver = false
      client.setImplicitSubscription(id, 'client-individual', (fault, frame) => {
        if (fault !== null) return
        // ActiveMQ may deliver once more after UNSUBSCRIBE, even after its receipt; it also hands that message to somebody else.
        if (isOver) frame.resume()
        else on.message({ headers: headersOf(frame), body: frame })
      })
      ask('SUBSCRIBE', { ...headers, id, ack: 'client-individual' }, undefined, {
        confirmed: on.accepted,
        refused(reason) {
          isOver = true
          on.refused(reason)
        },
        lost: () => undefined,
      })
      return () => {
        if (isOver) return
        isOver = true
        // Not the library's own `unsubscribe`: it forgets the number, and ends the connection over such a late message.
        if (endedBecause === null) put('UNSUBSCRIBE', { id })
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
