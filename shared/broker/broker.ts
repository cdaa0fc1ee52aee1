/**
 * What the rest of the project sees of the message broker. Nothing here is STOMP: a broker of another make would be another
 * `open-broker.ts`.
 */
export type Broker = {
  /**
   * Resolves when the broker has confirmed the message. Opens the connection if there is none yet, and waits for one that is down
   * until the deadline.
   * @throws {BrokerUnavailable} when it was not confirmed in time; it may have arrived all the same
   */
  readonly send: (queue: string, body: string, options?: SendOptions) => Promise<void>
  /** Receives from now on, whatever becomes of the connection, until it is closed. */
  readonly subscribe: (queue: string, options: SubscribeOptions) => Subscription
  readonly status: () => BrokerStatus
  /** How often a connection has come about. */
  readonly connections: () => number
  /** Ends the connection in order. Messages in hand that are not settled go back to the broker. */
  readonly close: () => Promise<void>
}

export type SendOptions = {
  /** The broker drops the message when nobody took it within this time. */
  readonly expiresInMs?: number
  /** Survives a restart of the broker; default false. */
  readonly isPersistent?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

export type SubscribeOptions = {
  /** How many messages may be in hand at once, 0 or more. */
  readonly prefetch: number
  /** Larger messages come as `unreadable`. Default 1 MiB. */
  readonly largestBodyBytes?: number
  /** Called for each message; the place it takes is free again when the message has been settled. */
  readonly onMessage: (message: BrokerMessage) => void | Promise<void>
}

export type Subscription = {
  /** More takes effect at once; fewer as messages in hand are settled. */
  readonly setPrefetch: (prefetch: number) => void
  /** Connected, and the broker lets us read this queue. A queue that it refuses is asked for again, ever more seldom, and ends no other. */
  readonly isListening: () => boolean
  /** Receives nothing more; resolves when all messages in hand are settled. */
  readonly close: () => Promise<void>
}

/** A body in UTF-8, or the reason why there is none, with its bytes unless they are too many to hold. */
export type MessageContent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly reason: string; readonly held: Buffer | null }

/** `returned`: given back, or the connection that brought it has ended; the broker will deliver the message again, perhaps to another. */
export type Settled = 'settled' | 'returned'

export type BrokerMessage = {
  readonly id: string
  readonly queue: string
  readonly headers: Readonly<Record<string, string>>
  readonly content: MessageContent
  /** Milliseconds since 1970; null where it never expires. */
  readonly expiresAtMs: number | null
  /** A broker that was killed has forgotten it. */
  readonly isRedelivered: boolean
  /** Done with it. */
  readonly ack: () => Promise<Settled>
  /** Nobody can work with it: lays it aside in the queue's dead letters with the reason. */
  readonly deadLetter: (reason: string) => Promise<Settled>
  /** Not now and not by us: the broker delivers it again, to us too if we still listen. */
  readonly giveBack: () => Promise<Settled>
}

export type BrokerStatus =
  /** Nothing was asked of it yet. */
  | { readonly state: 'idle' }
  | { readonly state: 'connecting' }
  | { readonly state: 'connected'; readonly sinceMs: number }
  | { readonly state: 'down'; readonly sinceMs: number; readonly reason: string }
  | { readonly state: 'closed' }
