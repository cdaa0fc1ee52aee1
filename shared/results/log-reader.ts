import type { FileHandle } from 'node:fs/promises'
import { logParts } from './log-parts.ts'
import { openRegular } from './regular-file.ts'

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
    const piece = await readOnce(log, from, mostBytes)
    if (piece !== 'retired') return piece
  }
  return undefined
}

/** `retired`: a part went between looking and opening, or is no file: look again. */
const readOnce = async (log: string, asked: number, mostBytes: number): Promise<LogPiece | undefined | 'retired'> => {
  const parts = await logParts(log)
  const last = parts.at(-1)
  if (!last) return undefined
  const lastBytes = asked < 0 ? await withPart(last.path, sizeOf) : 0
  if (lastBytes === 'retired') return 'retired'
  const from = asked < 0 ? Math.max(0, last.offset + lastBytes + asked) : asked
  for (const part of parts) {
    const piece = await withPart(part.path, async (file): Promise<LogPiece | 'passed'> => {
      const size = await sizeOf(file)
      if (from >= part.offset + size && part !== last) return 'passed'
      const offset = Math.min(Math.max(from, part.offset), part.offset + size)
      const buffer = Buffer.alloc(Math.min(mostBytes, part.offset + size - offset))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset - part.offset)
      return {
        bytes: buffer.subarray(0, bytesRead),
        offset,
        nextOffset: offset + bytesRead,
        cutBytes: Math.max(0, offset - from),
      }
    })
    if (piece !== 'passed') return piece
  }
  return undefined
}

const withPart = async <Result>(
  path: string,
  use: (file: FileHandle) => Promise<Result>,
): Promise<Result | 'retired'> => {
  const file = await openRegular(path)
  if (!file) return 'retired'
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

const sizeOf = async (file: FileHandle): Promise<number> => (await file.stat()).size
