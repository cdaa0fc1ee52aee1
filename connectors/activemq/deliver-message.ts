import type { BrokerMessage } from '#broker/broker.ts'
import type { Clock } from '#broker/clock.ts'
import type { Log } from '#function-server/log.ts'
import type { InvocationResult } from './invoke-function.ts'
import type { Measures } from './measure.ts'
import { whatBecomesOfAMessage, type Event, type Fate } from './what-becomes-of-a-message.ts'

export type Delivery = {
  readonly invoke: (functionName: string, message: BrokerMessage, text: string) => Promise<InvocationResult>
  /** As last heard from the gateway. */
  readonly listens: (functionName: string, queue: string) => boolean
  /** Resolves when the gateway has told its functions anew; false when it has not. */
  readonly hearAgain: () => Promise<boolean>
  readonly printsResponse: boolean
  readonly printsResponseBody: boolean
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly measures: Measures
  /** No more attempts: what is held goes back to the broker. */
  readonly stopping: AbortSignal
  /** No more patience: what is under way is cut and goes back to the broker. */
  readonly abandoning: AbortSignal
}

type Attempt = { readonly event: Event; readonly result: InvocationResult | null }

/** What is known of one message at one function in the end. `gone`: nobody there listens any more. */
type Taken = 'done' | 'gone' | 'stopped'

const fieldsOf = (message: BrokerMessage, functionName: string | null, attempt: Attempt | null): object => ({
  messaging: { destination: { name: message.queue }, message: { id: message.id } },
  ...(functionName === null ? {} : { faas: { name: functionName } }),
  ...(attempt?.result?.callId ? { http: { request: { id: attempt.result.callId } } } : {}),
})

/** Takes one message to one function, as often as it takes. */
const takeTo = async (functionName: string, message: BrokerMessage, text: string, on: Delivery): Promise<Taken> => {
  const { queue, expiresAtMs } = message

  /** The gateway says 404 for a function that it does not have; so do functions, meaning something else. */
  const afterNotFound = async (answer: Event): Promise<Event> => {
    if (await on.hearAgain()) return on.listens(functionName, queue) ? answer : { kind: 'gone' }
    return { kind: 'unreached', reason: 'it answered 404 and does not tell its functions' }
  }

  const attemptOnce = async (holds: number): Promise<Attempt> => {
    const nowMs = on.clock.now()
    if (expiresAtMs !== null && nowMs >= expiresAtMs) {
      return { event: { kind: 'expired', lateMs: holds === 0 ? nowMs - expiresAtMs : 0 }, result: null }
    }
    if (!on.listens(functionName, queue)) return { event: { kind: 'gone' }, result: null }
    on.measures.calling(queue, functionName, 1)
    const result = await on
      .invoke(functionName, message, text)
      .finally(() => on.measures.calling(queue, functionName, -1))
    const answer = result.event.kind === 'answered' ? String(result.event.status) : result.event.kind
    on.measures.answered(functionName, answer, result.seconds)
    const isNotFound = result.event.kind === 'answered' && result.event.status === 404 && !result.isByFunction
    return { event: isNotFound ? await afterNotFound(result.event) : result.event, result }
  }

  const hold = async (fate: Extract<Fate, { kind: 'hold' }>): Promise<void> => {
    on.measures.holding(queue, functionName, 1)
    await on.clock.sleep(fate.delayMs, on.stopping)
    on.measures.holding(queue, functionName, -1)
  }

  for (let holds = 0; !on.stopping.aborted; holds += 1) {
    const attempt = await attemptOnce(holds)
    // An answer that we cut off ourselves says nothing about the function.
    if (on.abandoning.aborted && attempt.event.kind !== 'answered') return 'stopped'
    const circumstances = { nowMs: on.clock.now(), expiresAtMs, holds, random: on.random() }
    const fate = whatBecomesOfAMessage(attempt.event, circumstances)
    const fields = fieldsOf(message, functionName, attempt)
    if (fate.kind === 'hold') {
      if (holds === 0) on.log.info(fields, `held: ${fate.reason}`)
      await hold(fate)
      continue
    }
    on.measures.delivered(queue, functionName, resultOf(attempt.event))
    if (fate.kind === 'give-back') {
      on.log.info(fields, `let go: ${fate.reason}`)
      return 'gone'
    }
    const isWell = fate.kind === 'ack' && fate.isWell
    if (!isWell) on.log.warn(fields, `done with: ${fate.reason}`)
    else if (on.printsResponse) on.log.info(fields, `done with: ${fate.reason}`)
    if (on.printsResponseBody && attempt.result) on.log.info(fields, attempt.result.text)
    return 'done'
  }
  return 'stopped'
}

/** As a metric's label. */
const resultOf = (event: Event): string =>
  event.kind === 'answered' ? (event.status < 300 ? 'succeeded' : 'failed') : event.kind

const deadLetter = async (message: BrokerMessage, reason: string, on: Delivery): Promise<void> => {
  on.log.warn(fieldsOf(message, null, null), `laid aside with the dead letters: ${reason}`)
  const settled = await message.deadLetter(reason)
  on.measures.settled(message.queue, settled === 'settled' ? 'dead-lettered' : 'returned')
}

const settle = async (message: BrokerMessage, taken: readonly Taken[]): Promise<'acknowledged' | 'returned'> => {
  // Left unsettled: what is under way elsewhere in this process may still need the connection.
  if (taken.includes('stopped')) return 'returned'
  if (taken.every((one) => one === 'gone')) {
    await message.giveBack()
    return 'returned'
  }
  return (await message.ack()) === 'settled' ? 'acknowledged' : 'returned'
}

/**
 * Takes a message to every function that listens to its queue, side by side, and acknowledges it when all are done with it. A message given up
 * because the connector stops is left unsettled, one whose functions are all gone is given back: the broker delivers it again.
 */
export const deliverMessage = async (
  message: BrokerMessage,
  functions: readonly string[],
  on: Delivery,
): Promise<void> => {
  const { content, queue } = message
  on.measures.inHand(queue, 1)
  try {
    if (content.kind === 'unreadable') {
      const circumstances = { nowMs: on.clock.now(), expiresAtMs: message.expiresAtMs, holds: 0, random: on.random() }
      const fate = whatBecomesOfAMessage({ kind: 'unreadable', reason: content.reason }, circumstances)
      return await deadLetter(message, fate.reason, on)
    }
    const taken = await Promise.all(functions.map((name) => takeTo(name, message, content.text, on)))
    on.measures.settled(queue, await settle(message, taken))
  } finally {
    on.measures.inHand(queue, -1)
  }
}
