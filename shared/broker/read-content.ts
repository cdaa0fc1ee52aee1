import type { Readable } from 'node:stream'
import type { MessageContent } from './broker.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a body says. */
export const contentOf = (body: Buffer): MessageContent => {
  try {
    return { kind: 'text', text: utf8.decode(body) }
  } catch {
    return { kind: 'unreadable', reason: 'its body is not UTF-8', held: body }
  }
}

/**
 * Reads a message's body to its end: an unread body blocks every later frame of the connection. Of one that is too large nothing is
 * kept. Calls back only for a whole body; when the connection ends first, it never does.
 */
export const readContent = (
  frame: Readable,
  largestBodyBytes: number,
  whenRead: (content: MessageContent) => void,
): void => {
  let parts: Buffer[] = []
  let sizeBytes = 0
  frame.on('data', (part: Buffer) => {
    sizeBytes += part.length
    if (sizeBytes <= largestBodyBytes) parts.push(part)
    else parts = []
  })
  frame.on('end', () =>
    whenRead(
      sizeBytes <= largestBodyBytes
        ? contentOf(Buffer.concat(parts))
        : {
            kind: 'unreadable',
            reason: `its body of ${sizeBytes} bytes is larger than the ${largestBodyBytes} accepted`,
            held: null,
          },
    ),
  )
}
