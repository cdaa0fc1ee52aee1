import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * A log while its script runs: the head in one file, and, once that is full, the newest part in files named for the offset of their
 * first byte among all bytes printed (`<log>.<offset>`). What lies between is cut: a script may print a gigabyte.
 */
export type LogPart = { readonly path: string; readonly offset: number }

export const partPath = (log: string, offset: number): string => (offset === 0 ? log : `${log}.${offset}`)

/** The parts that there are now, in order of their offsets. */
export const logParts = async (log: string): Promise<readonly LogPart[]> => {
  const name = basename(log)
  const parts: LogPart[] = []
  for (const entry of await readdir(dirname(log))) {
    const digits = entry.startsWith(`${name}.`) ? entry.slice(name.length + 1) : entry === name ? '0' : ''
    if (/^[0-9]+$/.test(digits)) parts.push({ path: join(dirname(log), entry), offset: Number(digits) })
  }
  return parts.toSorted((left, right) => left.offset - right.offset)
}

export const cutMark = (cutBytes: number): string =>
  `\n[... ${cutBytes.toLocaleString('en-GB')} bytes were cut here: the log is longer than is kept ...]\n`
