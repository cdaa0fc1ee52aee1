import type { Readable } from 'node:stream'
import { z } from 'zod'

/**
 * The connection to one runner (`runner/channel.py`). Out: four bytes of length, then the request as JSON. In: one byte of kind (`L`
 * log, `E` event), four bytes of length, the bytes.
 */
export const encodeRequest = (request: unknown): Buffer => {
  const content = Buffer.from(JSON.stringify(request))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}

export type Frame =
  { readonly kind: 'log'; readonly bytes: Buffer } | { readonly kind: 'event'; readonly event: unknown }

const headBytes = 5
const [logKind, eventKind] = [0x4c, 0x45]

/** Frames of any length, without reading a byte twice. Ends where the stream does; half a frame at the end is nobody's. */
export async function* framesOf(stream: Readable): AsyncGenerator<Frame> {
  let parts: Buffer[] = []
  let size = 0
  let wanted = headBytes
  for await (const chunk of stream) {
    const bytes = z.instanceof(Buffer).parse(chunk)
    parts.push(bytes)
    size += bytes.length
    if (size < wanted) continue
    let joined = parts.length === 1 ? bytes : Buffer.concat(parts)
    for (;;) {
      wanted = joined.length < headBytes ? headBytes : headBytes + joined.readUInt32BE(1)
      if (joined.length < wanted) break
      const frame = frameOf(joined[0], joined.subarray(headBytes, wanted))
      if (frame) yield frame
      joined = joined.subarray(wanted)
    }
    parts = joined.length > 0 ? [joined] : []
    size = joined.length
  }
}

const frameOf = (kind: number | undefined, content: Buffer): Frame | undefined => {
  if (kind === logKind) return { kind: 'log', bytes: content }
  if (kind !== eventKind) return undefined
  try {
    return { kind: 'event', event: JSON.parse(content.toString('utf8')) }
  } catch {
    return undefined
  }
}
