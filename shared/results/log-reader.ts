import { open } from 'node:fs/promises'
import { logParts } from './log-parts.ts'
import { hasCode } from './results-fault.ts'

export type LogPiece = {
  readonly bytes: Buffer
  /** Offset of the first of `bytes`; larger than asked for where the bytes between were cut. */
  readonly offset: number
  /** Where to go on reading. */
  readonly nextOffset: number
  readonly cutBytes: number
}

/**
 * A piece of a log that may still be growing. Offsets count the bytes that the script printed, also those that were cut. A negative
 * `from` counts from the end. Undefined where there is no such log (any more: it has moved to the results).
 */
export const readLogPiece = async (log: string, from: number, mostBytes: number): Promise<LogPiece | undefined> => {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      return await readOnce(log, from, mostBytes)
    } catch (cause) {
      // A part was retired between looking and opening: look again.
      if (!hasCode(cause, 'ENOENT')) throw cause
    }
  }
  return undefined
}

const readOnce = async (log: string, asked: number, mostBytes: number): Promise<LogPiece | undefined> => {
  const parts = await logParts(log)
  const last = parts.at(-1)
  if (!last) return undefined
  const from = asked < 0 ? Math.max(0, last.offset + (await sizeOf(last.path)) + asked) : asked
  for (const part of parts) {
    const handle = await open(part.path, 'r')
    try {
      const { size } = await handle.stat()
      if (from >= part.offset + size && part !== last) continue
      const offset = Math.min(Math.max(from, part.offset), part.offset + size)
      const buffer = Buffer.alloc(Math.min(mostBytes, part.offset + size - offset))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset - part.offset)
      return {
        bytes: buffer.subarray(0, bytesRead),
        offset,
        nextOffset: offset + bytesRead,
        cutBytes: Math.max(0, offset - from),
      }
    } finally {
      await handle.close()
    }
  }
  return undefined
}

const sizeOf = async (path: string): Promise<number> => {
  const handle = await open(path, 'r')
  try {
    return (await handle.stat()).size
  } finally {
    await handle.close()
  }
}
