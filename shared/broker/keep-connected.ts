import type { Log } from '#function-server/log.ts'
import { delayBeforeAttempt, type BackOff } from './back-off.ts'
import { BrokerUnavailable } from './broker-unavailable.ts'
import type { Clock } from './clock.ts'
import { watchForOutage } from './outage.ts'

export type Supervised = {
  /** Resolves with the reason when the connection has ended, whoever ended it. */
  readonly closed: Promise<string>
  /** Ends it in order, within a limit of its own. */
  readonly disconnect: () => Promise<void>
}

/** What the supervisor knows of the connection: the newest reason for its absence, or none. */
export type Supervision = {
  /** Null while connected, and before the first attempt has failed. */
  readonly outage: () => { readonly sinceMs: number; readonly reason: string } | null
  /** Resolves after the signal was aborted and the last connection has said good-bye. */
  readonly ended: Promise<void>
}

type Ending = { readonly reason: string; readonly isLasting: boolean }

/** What is no BrokerUnavailable comes from a secret that is missing or wrong; its sentences end with a full stop of their own. */
const endingOf = (fault: unknown): Ending => {
  if (fault instanceof BrokerUnavailable) return { reason: fault.reason, isLasting: fault.isLasting }
  const reason = fault instanceof Error ? fault.message : String(fault)
  return { reason: reason.replace(/\.+$/, ''), isLasting: true }
}

/**
 * Connects, and connects again when the connection ends, until told to stop. The delay between attempts grows, and falls back only
 * after a connection has lived: a broker that accepts and then throws us out is not called in a tight loop.
 */
export const keepConnected = <Connection extends Supervised>(options: {
  /** As a sentence begins: "The broker". */
  readonly what: string
  /** Must give up by itself after a limit of its own. */
  readonly connect: (signal: AbortSignal) => Promise<Connection>
  readonly onUp: (connection: Connection) => void
  readonly onDown: (reason: string) => void
  readonly backOff: BackOff
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly signal: AbortSignal
}): Supervision => {
  const { clock, backOff, signal } = options
  const outage = watchForOutage(options)
  let failures = 0

  const provesItself = async (connection: Connection): Promise<void> => {
    const waiting = new AbortController()
    const survivor = clock.sleep(backOff.provenAfterMs, waiting.signal).then(() => !waiting.signal.aborted)
    const hasLived = await Promise.race([survivor, connection.closed.then(() => false)])
    waiting.abort()
    if (!hasLived) return
    failures = 0
    outage.over()
  }

  const lifeOfOneConnection = async (): Promise<Ending> => {
    let connection: Connection
    try {
      connection = await options.connect(signal)
    } catch (fault) {
      return endingOf(fault)
    }
    const sayGoodbye = (): void => void connection.disconnect()
    signal.addEventListener('abort', sayGoodbye)
    options.onUp(connection)
    void provesItself(connection)
    if (signal.aborted) sayGoodbye()
    const reason = await connection.closed
    signal.removeEventListener('abort', sayGoodbye)
    options.onDown(reason)
    return { reason, isLasting: false }
  }

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const { reason, isLasting } = await lifeOfOneConnection()
      if (signal.aborted) return
      failures += 1
      outage.failed(reason, isLasting)
      await clock.sleep(delayBeforeAttempt(failures, options.random(), backOff), signal)
    }
  }

  return { outage: outage.current, ended: run() }
}
