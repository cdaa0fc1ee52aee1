import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { hasCode } from './results-fault.ts'

/**
 * Opens a file that others could have put something else in place of. Not blocked by a named pipe, not led elsewhere by a link:
 * undefined where it is no regular file, or is not there.
 */
export const openRegular = async (path: string, flags = 0, mode = 0o644): Promise<FileHandle | undefined> => {
  let file: FileHandle | undefined
  try {
    file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK, mode)
    if ((await file.stat()).isFile()) return file
  } catch (cause) {
    await file?.close()
    // A link; a named pipe that nobody reads, or a socket; a directory; a device that is none.
    if (hasCode(cause, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR')) return undefined
    throw cause
  }
  await file.close()
  return undefined
}

/** The content of a regular file, or undefined where there is none, or more of it than anybody would have written. */
export const readRegular = async (path: string, mostBytes: number): Promise<Buffer | undefined> => {
  const file = await openRegular(path)
  if (!file) return undefined
  try {
    return (await file.stat()).size > mostBytes ? undefined : await file.readFile()
  } finally {
    await file.close()
  }
}
