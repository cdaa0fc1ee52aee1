import type { MessageContent } from './broker.ts'

/** What belongs to the delivery and not to the message; the broker writes it anew. */
const headersOfDelivery = new Set([
  'ack',
  'amq-msg-type',
  'content-length',
  'destination',
  'expires',
  'message-id',
  'persistent',
  'receipt',
  'redelivered',
  'subscription',
  'timestamp',
  'transaction',
])

export type DeadLetter = { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer }

/**
 * The copy of a message that nobody could work with, for the queue `DLQ.<queue>` where ActiveMQ's `individualDeadLetterStrategy` puts
 * its own; it carries the reason, which a refused message would not. Null where the body was not held.
 */
export const deadLetterOf = (
  queue: string,
  headers: Readonly<Record<string, string>>,
  content: MessageContent,
  reason: string,
): DeadLetter | null => {
  const body = content.kind === 'text' ? Buffer.from(content.text) : content.held
  if (body === null) return null
  const own = Object.entries(headers).filter(([name]) => !headersOfDelivery.has(name))
  return {
    headers: {
      ...Object.fromEntries(own),
      ...(content.kind === 'text' ? { 'amq-msg-type': 'text' } : {}),
      'content-length': String(body.length),
      destination: `/queue/DLQ.${queue}`,
      persistent: 'true',
      'original-destination': `/queue/${queue}`,
      'original-message-id': headers['message-id'] ?? '',
      'dead-letter-reason': reason,
    },
    body,
  }
}
