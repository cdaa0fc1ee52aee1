import { constants } from 'node:fs'
import { copyFile, link, lstat, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { applyModes, type FileModes } from './file-modes.ts'
import { readIdentity } from './read-record.ts'
import { hasCode } from './results-fault.ts'
import { hiddenVersionsFolder, logFolder, provenanceName } from './result-paths.ts'
import { allowanceMs, noProgress, type Progress } from './progress.ts'
import { syncToDisk } from './sync-to-disk.ts'

/**
 * A flat instrument's people look for their files in one folder. Each file of a published version is placed there under its own name,
 * by copy and rename, over nothing but a file that an earlier version of the same run placed there. May be run again.
 * @param versions the folder of this run's published versions, the newest among them
 * @returns the files that were not placed, in words
 */
export const placeFlat = async (
  version: string,
  flatDirectory: string,
  versions: string,
  modes: FileModes,
  progress: Progress = noProgress,
): Promise<readonly string[]> => {
  const notPlaced: string[] = []
  for (const path of await filesBelow(version)) {
    const target = join(flatDirectory, path)
    try {
      if (path.startsWith(`${hiddenVersionsFolder}/`)) {
        notPlaced.push(`${path} was not placed: published versions lie in this folder.`)
      } else if ((await isThere(target)) && !(await wasPlacedByThisRun(target, path, version, versions))) {
        notPlaced.push(`${path} was not placed: a file of another run has this name.`)
      } else await placeFile(join(version, path), target, modes, true, progress)
    } catch (cause) {
      // No fault of the disk, which would be tried again for ever.
      if (!hasCode(cause, 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'ENAMETOOLONG')) throw cause
      notPlaced.push(`${path} was not placed: something else lies on its way, or its name is too long.`)
    }
  }
  return notPlaced
}

/**
 * Copies one file so that a reader of the target sees the old or the new content, never a part. Where it may not replace, and a file
 * is there, it fails with EEXIST.
 */
export const placeFile = async (
  source: string,
  target: string,
  modes: FileModes,
  mayReplace = true,
  progress: Progress = noProgress,
): Promise<void> => {
  const firstMade = await mkdir(dirname(target), { recursive: true })
  if (firstMade !== undefined) await applyModes(dirname(target), 'directory', modes)
  const coming = join(dirname(target), `.${basename(target)}.coming`)
  await rm(coming, { force: true })
  const { atime, mtime, size } = await lstat(source)
  progress(allowanceMs(size))
  await copyFile(source, coming, constants.COPYFILE_EXCL)
  await utimes(coming, atime, mtime)
  await applyModes(coming, 'file', modes)
  await syncToDisk(coming, progress)
  if (mayReplace) await rename(coming, target)
  else await link(coming, target).finally(() => rm(coming, { force: true }))
}

/** All files of a published version but the service's own record. */
export const filesBelow = async (directory: string): Promise<readonly string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((path) => path !== provenanceName && !path.startsWith(`${logFolder}/`))
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (cause: unknown) => {
      if (hasCode(cause, 'ENOENT')) return false
      throw cause
    },
  )

/** A placed copy carries its source's size and time. */
const wasPlacedByThisRun = async (
  target: string,
  path: string,
  version: string,
  versions: string,
): Promise<boolean> => {
  const placed = await lstat(target)
  const ownRuns = await runsOf(version)
  for (const earlier of await readdir(versions)) {
    const source = await lstat(join(versions, earlier, path)).catch(() => undefined)
    const isSame = source?.size === placed.size && Math.abs(source.mtimeMs - placed.mtimeMs) < 2
    if (!isSame || !placed.isFile()) continue
    const runs = await runsOf(join(versions, earlier))
    if (runs === undefined || runs === ownRuns) return true
  }
  return false
}

/** Batches of other runs may begin and end alike, and then share the folder of their versions. */
const runsOf = async (version: string): Promise<string | undefined> => (await readIdentity(version))?.runNumbers?.join()
