import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasCode } from './results-fault.ts'

/**
 * A log while its script runs: the head in one file, and, once that is full, the newest part in files named for the offset of their
 * first byte among all bytes printed (`<log>.<offset>`). What lies between is cut: a script may print a gigabyte.
 */
export type LogPart = { readonly path: string; readonly offset: number }

export const partPath = (log: string, offset: number): string => (offset === 0 ? log : `${log}.${offset}`)

/** Where head and newest part are joined when the script has ended; no reader looks there before it lies among the results. */
export const joinedPath = (log: string): string => `${log}.whole`

/** The parts that there are now, in order of their offsets. None once the head has gone: what then remains is being cleared away. */
export const logParts = async (log: string): Promise<readonly LogPart[]> => {
  const name = basename(log)
  const parts: LogPart[] = []
  const entries = await readdir(dirname(log)).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return []
    throw cause
  })
  for (const entry of entries) {
    const digits = entry.startsWith(`${name}.`) ? entry.slice(name.length + 1) : entry === name ? '0' : ''
    if (/^[0-9]+$/.test(digits)) parts.push({ path: join(dirname(log), entry), offset: Number(digits) })
  }
  parts.sort((left, right) => left.offset - right.offset)
  return parts[0]?.offset === 0 ? parts : []
}
