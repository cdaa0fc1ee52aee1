import { isUtf8 } from 'node:buffer'
import type { Dirent } from 'node:fs'
import { lstat, mkdir, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { applyModes, type FileModes } from './file-modes.ts'
import { countedBytes, type OutputLimits } from './measure-output.ts'
import { hasCode } from './results-fault.ts'
import { logFolder, provenanceName } from './result-paths.ts'
import { noProgress, type Progress } from './progress.ts'
import { nameAsText } from './name-as-text.ts'
import { removeTree } from './remove-tree.ts'
import { syncToDisk } from './sync-to-disk.ts'

export type Tidied = {
  /** What was left out or moved aside, in words for the log. */
  readonly remarks: readonly string[]
  /** The script removed the directory, or put something else in its place; it is there again, empty. */
  readonly wasRemoved: boolean
  /** Files and directories that are left, and how long they are together. */
  readonly written: OutputLimits
}

/** Paths as bytes: a name need not be valid text, and what cannot be named could not be left out. */
type Found = {
  readonly path: Buffer
  readonly device: bigint
  readonly inode: bigint
  readonly links: bigint
  readonly bytes: number
}

/** Nobody opens a file by a path of more than 4,096 bytes, and results lie below others. */
const longestPathBytes = 3_000

/**
 * Makes what a script left behind fit to publish: only plain files and directories, with names that are text and the configured modes, on
 * disk but for the names in the uppermost directory, where more is to come (`seal.ts`). Links are left out, since a reader of the results would follow them out of the experiment; so are sockets, pipes and devices, and
 * directories too deep for a path. The script's processes must have ended.
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
  await flush(kept, modes, progress)
  // From the leaves upwards: a directory is on disk only when what it lists is. The uppermost is flushed by whoever seals it.
  for (const path of directories.slice(1).toReversed()) await syncToDisk(path, progress)
  const bytes = kept.reduce((sum, file) => sum + file.bytes, 0)
  return { remarks, wasRemoved, written: { bytes, files: kept.length + directories.length - 1 } }
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
  const entries = await readdir(directory, { withFileTypes: true, encoding: 'buffer' })
  const taken = new Set(entries.map(({ name }) => name.toString('latin1')))
  for (const entry of entries) {
    const found = Buffer.concat([directory, slash, entry.name])
    gathered.progress()
    if (!entry.isDirectory() && !entry.isFile()) {
      await unlink(found)
      gathered.remarks.push(`${shown(root, found)} was left out: it is ${kindOf(entry)}.`)
      continue
    }
    const path = isUtf8(entry.name) ? found : await renameToText(root, found, taken, gathered.remarks)
    if (entry.isFile()) {
      const { dev, ino, nlink, size, blocks } = await lstat(path, { bigint: true })
      const bytes = countedBytes({ size: Number(size), blocks: Number(blocks) })
      gathered.files.push({ path, device: dev, inode: ino, links: nlink, bytes })
    } else if (path.length - root.length > longestPathBytes) {
      await removeTree(path, gathered.progress)
      gathered.remarks.push(`${shown(root, path)} was left out: its path is longer than ${longestPathBytes} bytes.`)
    } else {
      await applyModes(path, 'directory', modes)
      await walk(root, path, modes, gathered)
    }
  }
}

const slash = Buffer.from('/')

/** What has no name that is text could be asked for by nobody, and whoever lists it would find it gone. */
const renameToText = async (root: Buffer, path: Buffer, taken: Set<string>, remarks: string[]): Promise<Buffer> => {
  const place = path.lastIndexOf('/') + 1
  const name = nameAsText(path.subarray(place), taken)
  taken.add(name)
  const renamed = Buffer.concat([path.subarray(0, place), Buffer.from(name)])
  await rename(path, renamed)
  remarks.push(`${shown(root, renamed)} is the name of a file or folder now whose own is no valid text (UTF-8).`)
  return renamed
}

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

/** A disk takes many small files in a fraction of the time where it is asked for some at once. */
const flushedAtOnce = 4
/** A larger file may take longer than a step usually may, which only one at a time can say of itself. */
const smallBytes = 1024 * 1024

const flush = async (files: readonly Found[], modes: FileModes, progress: Progress): Promise<void> => {
  const one = async (file: Found): Promise<void> => {
    await applyModes(file.path, 'file', modes)
    await syncToDisk(file.path, progress)
  }
  const small = files.filter(isSmall).values()
  const lane = async (): Promise<void> => {
    for (const file of small) await one(file)
  }
  await Promise.all(Array.from({ length: flushedAtOnce }, lane))
  for (const file of files) if (!isSmall(file)) await one(file)
}

const isSmall = ({ bytes }: Found): boolean => bytes <= smallBytes

const longestShown = 300

const shown = (root: Buffer, path: Buffer): string => {
  const name = path.subarray(root.length + 1).toString('utf8')
  return JSON.stringify(name.length > longestShown ? `${name.slice(0, longestShown)}…` : name)
}

const kindOf = (entry: Dirent<Buffer>): string => {
  if (entry.isSymbolicLink()) return 'a symbolic link'
  if (entry.isSocket()) return 'a socket'
  if (entry.isFIFO()) return 'a named pipe'
  return 'a device'
}
