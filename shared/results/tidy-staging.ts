import type { Dirent } from 'node:fs'
import { lstat, mkdir, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { applyModes, type FileModes } from './file-modes.ts'
import { hasCode } from './results-fault.ts'
import { logFolder, provenanceName } from './result-paths.ts'
import { noProgress, type Progress } from './progress.ts'
import { removeTree } from './remove-tree.ts'
import { syncToDisk } from './sync-to-disk.ts'

export type Tidied = {
  /** What was left out or moved aside, in words for the log. */
  readonly remarks: readonly string[]
  /** The script removed the directory, or put something else in its place; it is there again, empty. */
  readonly wasRemoved: boolean
}

/** Paths as bytes: a name need not be valid text, and what cannot be named could not be left out. */
type Found = { readonly path: Buffer; readonly device: bigint; readonly inode: bigint; readonly links: bigint }

/**
 * Makes what a script left behind fit to publish: only plain files and directories, with the configured modes, on disk. Links are
 * left out, since a reader of the results would follow them out of the experiment; so are sockets, pipes and devices.
 * The script's processes must have ended.
 */
export const tidyStaging = async (
  directory: string,
  modes: FileModes,
  progress: Progress = noProgress,
): Promise<Tidied> => {
  const remarks: string[] = []
  const wasRemoved = await restore(directory, modes)
  const names = await readdir(directory)
  for (const name of [logFolder, provenanceName])
    if (names.includes(name)) await moveAside(directory, name, remarks, progress)
  const files: Found[] = []
  const directories: Buffer[] = []
  const root = Buffer.from(directory)
  await walk(root, root, modes, { files, directories, remarks, progress })
  const kept = await leaveOutLinkedFiles(root, files, remarks)
  for (const { path } of kept) {
    await applyModes(path, 'file', modes)
    await syncToDisk(path, progress)
  }
  // From the leaves upwards: a directory is on disk only when what it lists is.
  for (const path of directories.toReversed()) await syncToDisk(path, progress)
  return { remarks, wasRemoved }
}

const restore = async (directory: string, modes: FileModes): Promise<boolean> => {
  const found = await lstat(directory).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT')) return undefined
    throw cause
  })
  if (!found?.isDirectory()) {
    if (found) await unlink(directory)
    await mkdir(directory, { mode: modes.directory })
  }
  // A script can take away the right to look into it.
  await applyModes(directory, 'directory', modes)
  return !found?.isDirectory()
}

/** The names that the service itself writes are its own. */
const moveAside = async (directory: string, name: string, remarks: string[], progress: Progress): Promise<void> => {
  const aside = `${name}-of-the-script`
  try {
    await rename(join(directory, name), join(directory, aside))
    remarks.push(`The script wrote ${name}, a name that the service keeps for itself; it is now ${aside}.`)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return
    await removeTree(join(directory, name), progress)
    remarks.push(`The script wrote ${name}, a name that the service keeps for itself; it was left out.`)
  }
}

type Gathered = {
  readonly files: Found[]
  readonly directories: Buffer[]
  readonly remarks: string[]
  readonly progress: Progress
}

const walk = async (root: Buffer, directory: Buffer, modes: FileModes, gathered: Gathered): Promise<void> => {
  gathered.directories.push(directory)
  for (const entry of await readdir(directory, { withFileTypes: true, encoding: 'buffer' })) {
    const path = Buffer.concat([directory, slash, entry.name])
    gathered.progress()
    if (entry.isDirectory()) {
      await applyModes(path, 'directory', modes)
      await walk(root, path, modes, gathered)
    } else if (entry.isFile()) {
      const { dev, ino, nlink } = await lstat(path, { bigint: true })
      gathered.files.push({ path, device: dev, inode: ino, links: nlink })
    } else {
      await unlink(path)
      gathered.remarks.push(`${shown(root, path)} was left out: it is ${kindOf(entry)}.`)
    }
  }
}

const slash = Buffer.from('/')

/** A second name of a file elsewhere would be changed with it, and could be a file the script may not give away. */
const leaveOutLinkedFiles = async (
  root: Buffer,
  files: readonly Found[],
  remarks: string[],
): Promise<readonly Found[]> => {
  const namesInside = new Map<string, bigint>()
  const key = (file: Found): string => `${file.device}:${file.inode}`
  for (const file of files) namesInside.set(key(file), (namesInside.get(key(file)) ?? 0n) + 1n)
  const kept: Found[] = []
  for (const file of files) {
    if (file.links <= (namesInside.get(key(file)) ?? 0n)) {
      kept.push(file)
      continue
    }
    await unlink(file.path)
    remarks.push(`${shown(root, file.path)} was left out: it is a hard link to a file elsewhere.`)
  }
  return kept
}

const shown = (root: Buffer, path: Buffer): string => JSON.stringify(path.subarray(root.length + 1).toString('utf8'))

const kindOf = (entry: Dirent<Buffer>): string => {
  if (entry.isSymbolicLink()) return 'a symbolic link'
  if (entry.isSocket()) return 'a socket'
  if (entry.isFIFO()) return 'a named pipe'
  return 'a device'
}
