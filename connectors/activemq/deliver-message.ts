import type { BrokerMessage } from '#broker/broker.ts'
import type { Clock } from '#broker/clock.ts'
import type { Log } from '#function-server/log.ts'
import type { InvocationResult } from './invoke-function.ts'
import type { Measures } from './measure.ts'
import { whatBecomesOfAMessage, type Event, type Fate } from './what-becomes-of-a-message.ts'

export type Delivery = {
  readonly invoke: (functionName: string, message: BrokerMessage, text: string) => Promise<InvocationResult>
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

const fieldsOf = (message: BrokerMessage, functionName: string | null, attempt: Attempt | null): object => ({
  messaging: { destination: { name: message.queue }, message: { id: message.id } },
  ...(functionName === null ? {} : { faas: { name: functionName } }),
  ...(attempt?.result?.callId ? { http: { request: { id: attempt.result.callId } } } : {}),
})

/** Takes one message to one function, as often as it takes. True when it is done with, false when it was given up in the middle. */
const takeTo = async (functionName: string, message: BrokerMessage, text: string, on: Delivery): Promise<boolean> => {
  const attemptOnce = async (): Promise<Attempt> => {
    if (message.expiresAtMs !== null && on.clock.now() >= message.expiresAtMs) {
      return { event: { kind: 'expired' }, result: null }
    }
    const beganAtMs = on.clock.now()
    const result = await on.invoke(functionName, message, text)
    const answer = result.event.kind === 'answered' ? String(result.event.status) : result.event.kind
    on.measures.answered(functionName, answer, (on.clock.now() - beganAtMs) / 1_000)
    return { event: result.event, result }
  }

  const hold = async (fate: Extract<Fate, { kind: 'hold' }>): Promise<void> => {
    on.measures.held(message.queue, 1)
    await on.clock.sleep(fate.delayMs, on.stopping)
    on.measures.held(message.queue, -1)
  }

  for (let holds = 0; !on.stopping.aborted; holds += 1) {
    const attempt = await attemptOnce()
    // An answer that we cut off ourselves says nothing about the function.
    if (on.abandoning.aborted && attempt.event.kind !== 'answered') return false
    const circumstances = { nowMs: on.clock.now(), expiresAtMs: message.expiresAtMs, holds, random: on.random() }
    const fate = whatBecomesOfAMessage(attempt.event, circumstances)
    const fields = fieldsOf(message, functionName, attempt)
    if (fate.kind === 'hold') {
      if (holds === 0) on.log.info(fields, `held: ${fate.reason}`)
      await hold(fate)
      continue
    }
    const isWell = fate.kind === 'ack' && fate.isWell
    if (!isWell) on.log.warn(fields, `done with: ${fate.reason}`)
    else if (on.printsResponse) on.log.info(fields, `done with: ${fate.reason}`)
    if (on.printsResponseBody && attempt.result) on.log.info(fields, attempt.result.text)
    return true
  }
  return false
}

const deadLetter = async (message: BrokerMessage, reason: string, on: Delivery): Promise<void> => {
  on.log.warn(fieldsOf(message, null, null), `laid aside with the dead letters: ${reason}`)
  const settled = await message.deadLetter(reason)
  on.measures.settled(message.queue, settled === 'settled' ? 'dead-lettered' : 'returned')
}

/**
 * Takes a message to every function that listens to its queue, side by side, and acknowledges it when all are done with it. A message given up
 * because the connector stops is left unsettled: the broker delivers it again.
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
    const done = await Promise.all(functions.map((name) => takeTo(name, message, content.text, on)))
    if (done.includes(false)) return on.measures.settled(queue, 'returned')
    const settled = await message.ack()
    on.measures.settled(queue, settled === 'settled' ? 'acknowledged' : 'returned')
  } finally {
    on.measures.inHand(queue, -1)
  }
}
