import type { Readable } from 'node:stream'
import type { MessageContent } from './broker.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a body says. */
const contentOf = (body: Buffer): MessageContent => {
  try {
    return { kind: 'text', text: utf8.decode(body) }
  } catch {
    return { kind: 'unreadable', reason: 'its body is not UTF-8', held: body }
  }
}

/** Up to here a body that is too large is kept, so that it can be laid aside with the reason. */
const largestHeldBytes = 4 * 1024 * 1024

/**
 * Reads a message's body to its end: an unread body blocks every later frame of the connection. Calls back only for a whole body; when the
 * connection ends first, it never does.
 */
export const readContent = (
  frame: Readable,
  largestBodyBytes: number,
  whenRead: (content: MessageContent) => void,
): void => {
  const mostBytes = Math.max(largestBodyBytes, largestHeldBytes)
  let parts: Buffer[] = []
  let sizeBytes = 0
  frame.on('data', (part: Buffer) => {
    sizeBytes += part.length
    if (sizeBytes <= mostBytes) parts.push(part)
    else parts = []
  })
  frame.on('end', () => {
    const held = sizeBytes <= mostBytes ? Buffer.concat(parts) : null
    if (held && sizeBytes <= largestBodyBytes) return whenRead(contentOf(held))
    const reason = `its body of ${sizeBytes} bytes is larger than the ${largestBodyBytes} accepted`
    whenRead({ kind: 'unreadable', reason, held })
  })
}
