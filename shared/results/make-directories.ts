import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { applyModes, type FileModes } from './file-modes.ts'
import { hasCode } from './results-fault.ts'
import { syncToDisk } from './sync-to-disk.ts'

/**
 * Makes a directory and what is missing above it, each with the configured mode and on disk. Node's own recursive way says ENOENT where
 * the disk is read-only, which would send people looking for the wrong thing.
 */
export const makeDirectories = async (directory: string, modes: FileModes): Promise<void> => {
  try {
    await mkdir(directory, { mode: modes.directory })
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return
    if (!hasCode(cause, 'ENOENT') || dirname(directory) === directory) throw cause
    await makeDirectories(dirname(directory), modes)
    return makeDirectories(directory, modes)
  }
  // Beyond the umask; who made it meanwhile has done the same.
  await applyModes(directory, 'directory', modes)
  await syncToDisk(dirname(directory))
}
