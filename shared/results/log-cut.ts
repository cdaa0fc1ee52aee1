/** What is missing in the middle of a finished log, as its `provenance.json` says: a mark of `markBytes` stands there instead. */
export type LogCut = { readonly atByte: number; readonly cutBytes: number; readonly markBytes: number }

export const cutMark = (cutBytes: number): string =>
  `\n[... ${cutBytes.toLocaleString('en-GB')} bytes were cut here: the log is longer than is kept ...]\n`

/** How much was printed, where a finished log takes up so many bytes on the disk. */
export const printedBytes = (fileBytes: number, cut: LogCut | null): number =>
  cut === null ? fileBytes : fileBytes - cut.markBytes + cut.cutBytes

/**
 * Where in a finished log the byte lies that was printed as number `from`, and how many may be read on from there. Offsets count what was
 * printed: one that was cut is moved to the next that was kept, and the mark is never read.
 */
export const placeInFile = (
  from: number,
  cut: LogCut | null,
): { readonly offset: number; readonly position: number; readonly mostBytes: number } => {
  if (cut === null) return { offset: from, position: from, mostBytes: Infinity }
  if (from < cut.atByte) return { offset: from, position: from, mostBytes: cut.atByte - from }
  const offset = Math.max(from, cut.atByte + cut.cutBytes)
  return { offset, position: offset - cut.cutBytes + cut.markBytes, mostBytes: Infinity }
}

const wholeNumber = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/**
 * The cut that a `provenance.json` tells of; null where nothing was cut, or nothing is said of it. By hand and not by a schema: reader
 * processes are many, and each would carry the library.
 */
export const cutIn = (provenance: string): LogCut | null => {
  let json: unknown
  try {
    json = JSON.parse(provenance)
  } catch {
    return null
  }
  const log: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, 'log') : undefined
  const cut: unknown = typeof log === 'object' && log !== null ? Reflect.get(log, 'cut') : undefined
  if (typeof cut !== 'object' || cut === null) return null
  const { atByte, cutBytes, markBytes } = cut as Record<string, unknown>
  return wholeNumber(atByte) && wholeNumber(cutBytes) && wholeNumber(markBytes) ? { atByte, cutBytes, markBytes } : null
}
