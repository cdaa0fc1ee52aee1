import type { FileHandle } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { withFileInside, type NotOpened, type PlaceInside } from './open-inside.ts'
import { readLogPiece } from './log-reader.ts'

/** Part of a file of a result. Size and time tell whether the next part still belongs to the same file. */
export type ResultRange = {
  readonly kind: 'read'
  readonly bytes: Uint8Array
  readonly sizeBytes: number
  readonly modifiedAtMs: number
}

const largestRangeBytes = 4 * 1024 * 1024

/** Reads a part of a result's file, at most 4 MiB; fewer bytes than asked for where it ends. */
export const readResultRange = (
  input: PlaceInside & { readonly position: number; readonly length: number },
): Promise<ResultRange | NotOpened> =>
  withFileInside(input, async (file: FileHandle, stats: Stats): Promise<ResultRange> => {
    const length = Math.max(0, Math.min(input.length, largestRangeBytes, stats.size - input.position))
    return {
      kind: 'read',
      bytes: await readFully(file, input.position, length),
      sizeBytes: stats.size,
      modifiedAtMs: stats.mtimeMs,
    }
  })

const readFully = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

/** Where a log may lie: while its script runs beside the staging directory, sealed into that, at last among the results. */
export type LogPlaces = {
  readonly staged: string | undefined
  readonly filed: readonly PlaceInside[]
}

export type LogRange = {
  readonly kind: 'read'
  readonly bytes: Uint8Array
  /** Offset of the first of `bytes`; larger than asked for where what lies between was cut. */
  readonly offset: number
  /** How much was printed so far. */
  readonly sizeBytes: number
}

/** A part of a log from an offset on, negative from its end, at most 4 MiB. It may move while it is looked for: looked for twice. */
export const readLogRange = async (
  input: LogPlaces & { readonly from: number; readonly length: number },
): Promise<LogRange | { readonly kind: 'absent' }> =>
  (await readLogOnce(input)) ?? (await readLogOnce(input)) ?? { kind: 'absent' }

const readLogOnce = async (
  input: LogPlaces & { readonly from: number; readonly length: number },
): Promise<LogRange | undefined> => {
  const length = Math.min(input.length, largestRangeBytes)
  if (input.staged !== undefined) {
    const end = await readLogPiece(input.staged, -1, 1)
    const piece = end && (await readLogPiece(input.staged, input.from, length))
    if (piece) {
      const sizeBytes = Math.max(end.nextOffset, piece.nextOffset)
      return { kind: 'read', bytes: piece.bytes, offset: piece.offset, sizeBytes }
    }
  }
  for (const place of input.filed) {
    const found = await withFileInside(place, async (file, stats): Promise<LogRange> => {
      const offset = Math.min(input.from < 0 ? Math.max(0, stats.size + input.from) : input.from, stats.size)
      const bytes = await readFully(file, offset, Math.max(0, Math.min(length, stats.size - offset)))
      return { kind: 'read', bytes, offset, sizeBytes: stats.size }
    })
    if (found.kind === 'read') return found
  }
  return undefined
}
