import type { FileHandle } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { withFileInside, type NotOpened, type PlaceInside } from './open-inside.ts'
import { cutIn, placeInFile, printedBytes, type LogCut } from './log-cut.ts'
import { readLogPiece } from './log-reader.ts'
import { provenanceName } from './result-paths.ts'

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

/** What is on the disk of several files, in the order asked: for who wants to know before reading any. */
export const describeResults = async (input: {
  readonly root: string
  readonly directory: string
  readonly paths: readonly string[]
}): Promise<{ readonly kind: 'described'; readonly files: readonly (FileOnDisk | NotOpened)[] }> => {
  const files: (FileOnDisk | NotOpened)[] = []
  for (const path of input.paths) {
    files.push(
      await withFileInside({ ...input, path }, (_file, stats) =>
        Promise.resolve({ kind: 'there' as const, sizeBytes: stats.size, modifiedAtMs: stats.mtimeMs }),
      ),
    )
  }
  return { kind: 'described', files }
}

export type FileOnDisk = { readonly kind: 'there'; readonly sizeBytes: number; readonly modifiedAtMs: number }

/** Where a log may lie: while its script runs beside the staging directory, sealed into that, at last among the results. */
export type LogPlaces = {
  readonly staged: string | undefined
  readonly filed: readonly FiledLog[]
}
/** `awaitsRecord`: it counts only with its `provenance.json` beside it, which says what of it was cut. */
export type FiledLog = PlaceInside & { readonly awaitsRecord?: boolean }

export type LogRange = {
  readonly kind: 'read'
  readonly bytes: Uint8Array
  /** Offset of the first of `bytes` among all bytes printed; larger than asked for where what lies between was cut, never smaller. */
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
    const piece = await readLogPiece(input.staged, input.from, length)
    if (piece) return { kind: 'read', bytes: piece.bytes, offset: piece.offset, sizeBytes: piece.sizeBytes }
  }
  for (const place of input.filed) {
    const cut = await readCut(place)
    if (cut === undefined) continue
    const found = await withFileInside(place, async (file, stats): Promise<LogRange> => {
      const sizeBytes = printedBytes(stats.size, cut)
      const from = input.from < 0 ? Math.max(0, sizeBytes + input.from) : input.from
      const { offset, position, mostBytes } = placeInFile(from, cut)
      const bytes = await readFully(file, position, Math.max(0, Math.min(length, mostBytes, stats.size - position)))
      return { kind: 'read', bytes, offset, sizeBytes }
    })
    if (found.kind === 'read') return found
  }
  return undefined
}

/** Beyond this a record is no description of one reduction any more. */
const largestRecordBytes = 16 * 1024 * 1024

/** Undefined where the record is still to come. */
const readCut = async ({ awaitsRecord = false, ...place }: FiledLog): Promise<LogCut | null | undefined> => {
  const record = await withFileInside({ ...place, path: provenanceName }, async (file, stats) => ({
    kind: 'read' as const,
    text: (await readFully(file, 0, Math.min(stats.size, largestRecordBytes))).toString('utf8'),
  }))
  if (record.kind === 'read') return cutIn(record.text)
  return awaitsRecord ? undefined : null
}
