import type { FileHandle } from 'node:fs/promises'
import { logParts, type LogPart } from './log-parts.ts'
import { openRegular } from './regular-file.ts'

export type LogPiece = {
  readonly bytes: Buffer
  /** Offset of the first of `bytes`; larger than asked for where the bytes between were cut, and never smaller. */
  readonly offset: number
  /** Where to go on reading. */
  readonly nextOffset: number
  readonly cutBytes: number
  /** How much was printed so far. */
  readonly sizeBytes: number
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
  // Opened first and by itself: who follows reads nothing but the last part, at every look.
  return withPart(last, async (newest, newestBytes) => {
    const sizeBytes = last.offset + newestBytes
    const from = asked < 0 ? Math.max(0, sizeBytes + asked) : asked
    const found = from >= last.offset ? undefined : await readEarlier(parts.slice(0, -1), from, mostBytes)
    if (found === 'retired') return found
    const { offset, bytes } = found ?? (await readPart(newest, last.offset, newestBytes, from, mostBytes))
    return { bytes, offset, nextOffset: offset + bytes.length, cutBytes: Math.max(0, offset - from), sizeBytes }
  })
}

type Found = { readonly offset: number; readonly bytes: Buffer }

const readEarlier = async (
  parts: readonly LogPart[],
  from: number,
  mostBytes: number,
): Promise<Found | undefined | 'retired'> => {
  for (const part of parts) {
    const found = await withPart(part, async (file, sizeBytes) =>
      from >= part.offset + sizeBytes ? undefined : readPart(file, part.offset, sizeBytes, from, mostBytes),
    )
    if (found) return found
  }
  return undefined
}

const readPart = async (
  file: FileHandle,
  partOffset: number,
  partBytes: number,
  from: number,
  mostBytes: number,
): Promise<Found> => {
  const offset = Math.max(from, partOffset)
  const buffer = Buffer.alloc(Math.max(0, Math.min(mostBytes, partOffset + partBytes - offset)))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, offset - partOffset)
  return { offset, bytes: buffer.subarray(0, bytesRead) }
}

const withPart = async <Result>(
  part: LogPart,
  use: (file: FileHandle, sizeBytes: number) => Promise<Result>,
): Promise<Result | 'retired'> => {
  const file = await openRegular(part.path)
  if (!file) return 'retired'
  try {
    return await use(file, (await file.stat()).size)
  } finally {
    await file.close()
  }
}
