import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { describeFileFault, describeOtherThanFile, isAbsent } from './file-faults.ts'

/** `absent` tells the one fault that may heal by itself; `fault` follows the file's name in a sentence. */
export type NotReadable = { readonly fault: string; readonly absent: boolean }

/**
 * Opens a file only if it is one. Opening without blocking matters: a named pipe without a writer would otherwise hold the thread
 * for ever.
 */
export const withRegularFile = async <Result>(
  path: string,
  use: (file: FileHandle, stats: Stats) => Promise<Result>,
): Promise<Result | NotReadable> => {
  let file: FileHandle | undefined
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stats = await file.stat()
    const other = describeOtherThanFile(stats)
    if (other !== undefined) return { fault: other, absent: false }
    return await use(file, stats)
  } catch (fault) {
    if (!isSystemFault(fault)) throw fault
    return { fault: describeFileFault(fault), absent: isAbsent(fault) }
  } finally {
    await file?.close().catch(() => undefined)
  }
}

const isSystemFault = (fault: unknown): boolean =>
  fault instanceof Error && typeof Reflect.get(fault, 'syscall') === 'string'

/** The bytes from `position` on, fewer where the file ends. */
export const readBytes = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await file.read(buffer, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

/** What tells that a file was changed between two looks. */
export const isSameFile = (left: Stats, right: Stats): boolean =>
  left.ino === right.ino && left.dev === right.dev && left.size === right.size && left.mtimeMs === right.mtimeMs
