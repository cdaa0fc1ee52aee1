import { holdDelayMs } from './hold-delay.ts'

/** What happened to a message on its way to one function. */
export type Event =
  | { readonly kind: 'unreadable'; readonly reason: string }
  /** Its time ran out before it could be handed on; `lateMs` ago already when it came. */
  | { readonly kind: 'expired'; readonly lateMs?: number }
  | { readonly kind: 'answered'; readonly status: number }
  /** The gateway lists the function no longer, or no longer for this queue. */
  | { readonly kind: 'gone' }
  /** No connection came about: the function cannot have heard of it. */
  | { readonly kind: 'unreached'; readonly reason: string }
  /** The connection ended before the answer: the function may have done its work, or not. */
  | { readonly kind: 'cut'; readonly reason: string }

export type Circumstances = {
  readonly nowMs: number
  readonly expiresAtMs: number | null
  /** How often it has been held before. */
  readonly holds: number
  /** From 0 up to 1. */
  readonly random: number
}

/** `isWell` tells what went as it should from what a person may want to see. */
export type Fate =
  | { readonly kind: 'ack'; readonly reason: string; readonly isWell: boolean }
  | { readonly kind: 'hold'; readonly reason: string; readonly delayMs: number }
  | { readonly kind: 'dead-letter'; readonly reason: string }
  /** Nothing more is to be done for this function; if no other has taken the message, it goes back to its queue. */
  | { readonly kind: 'give-back'; readonly reason: string }

const hold = (reason: string, { nowMs, expiresAtMs, holds, random }: Circumstances): Fate => {
  if (expiresAtMs !== null && nowMs >= expiresAtMs) {
    return { kind: 'ack', isWell: false, reason: `${reason}, and the message has expired` }
  }
  return { kind: 'hold', reason, delayMs: holdDelayMs(holds, random, nowMs, expiresAtMs) }
}

/** The broker hands on nothing that has expired by its own clock, so what comes late by more than a second was measured by another. */
const expiry = (lateMs: number): string =>
  lateMs < 1_000
    ? 'it expired before the function could take it'
    : `it had expired ${Math.round(lateMs / 1_000)} s before it came; where this happens often, the clocks of sender, broker and connector differ`

/** Whoever is asked elsewhere knows nothing of the message. */
const answerOf = (status: number): string =>
  status >= 300 && status < 400 ? `${status}, a redirection, which is not followed` : String(status)

/**
 * The one place where it is decided. Held is what certainly was not worked on and may be soon; all else is done with, since whoever
 * sent it knows better than a queue what is still to be done.
 *
 * So, for a bell of `DataReady` while the database is down: `process` answers 503, the bell is held here and rings again a little later until
 * it expires; dispatch rings anew when the database is back. Nothing is lost either way: the bell carries no work.
 */
export const whatBecomesOfAMessage = (event: Event, circumstances: Circumstances): Fate => {
  switch (event.kind) {
    case 'unreadable':
      return { kind: 'dead-letter', reason: event.reason }
    case 'expired':
      return { kind: 'ack', isWell: false, reason: expiry(event.lateMs ?? 0) }
    case 'gone':
      return { kind: 'give-back', reason: 'the function no longer listens to this queue' }
    case 'unreached':
      return hold(`the gateway could not be reached (${event.reason})`, circumstances)
    case 'cut':
      return { kind: 'ack', isWell: false, reason: `no answer came (${event.reason})` }
    case 'answered':
      if (event.status === 429) return hold('the function is busy (429)', circumstances)
      if (event.status === 503) return hold('the function is not there at the moment (503)', circumstances)
      return { kind: 'ack', isWell: event.status < 300, reason: `the function answered ${answerOf(event.status)}` }
  }
}
