import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { open, readlink, realpath, type FileHandle } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, normalize, relative, sep } from 'node:path'
import { hasCode } from './results-fault.ts'

/** Why a file of a result is not given out: it is not there, or it is none that may be given out. */
export type NotOpened = { readonly kind: 'absent' } | { readonly kind: 'refused'; readonly reason: string }

/** A directory of results below the root that they all lie in, and a file below it. */
export type PlaceInside = { readonly root: string; readonly directory: string; readonly path: string }

const isBelow = (root: string, directory: string): boolean => {
  const rest = relative(root, directory)
  return isAbsolute(directory) && rest !== '' && rest !== '..' && !rest.startsWith(`..${sep}`) && !isAbsolute(rest)
}

const isPlainPath = (path: string): boolean =>
  path !== '' && !path.includes('\0') && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')

/**
 * Opens a file of a result only if it is a file, and really lies where its path says: neither it nor a directory between it and the
 * results directory may be a link, since scripts make those. What the operator has linked above is followed. Looks at what was
 * opened and not at the path, so nothing can be swapped in between; opening does not block on a named pipe.
 */
export const withFileInside = async <Result>(
  place: PlaceInside,
  use: (file: FileHandle, stats: Stats) => Promise<Result>,
): Promise<Result | NotOpened> => {
  const directory = normalize(place.directory)
  if (!isBelow(normalize(place.root), directory)) return refuse('It does not lie below the results root.')
  if (!isPlainPath(place.path)) return refuse('Its path is not a plain one.')
  let file: FileHandle | undefined
  try {
    const realDirectory = join(await realpath(dirname(directory)), basename(directory))
    file = await open(join(realDirectory, place.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = await file.stat()
    if (!stats.isFile()) return refuse('It is not a file.')
    if ((await pathOf(file)) !== join(realDirectory, place.path)) return refuse('A link leads to it.')
    return await use(file, stats)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return { kind: 'absent' }
    if (hasCode(cause, 'ELOOP')) return refuse('It is a link.')
    if (hasCode(cause, 'EACCES', 'EPERM')) return refuse('This service may not read it (permission denied).')
    if (hasCode(cause, 'ENXIO')) return refuse('It is not a file.')
    throw cause
  } finally {
    await file?.close()
  }
}

const refuse = (reason: string): NotOpened => ({ kind: 'refused', reason })

/** Where an opened file really lies, by the kernel's own word. */
const pathOf = (file: FileHandle): Promise<string> => readlink(`/proc/self/fd/${file.fd}`)
