import { constants } from 'node:fs'
import { open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { applyModes, type FileModes } from './file-modes.ts'
import { lookAtPlace, type InstrumentPlace } from './look-at-place.ts'
import { makeDirectories } from './make-directories.ts'
import { stagingRoot } from './result-paths.ts'
import { asResultsFault } from './results-fault.ts'

const probeBytes = 64 * 1024

/** Begins the name of a file that a probe left behind whose process was ended. */
export const probePrefix = '.probe-'

/**
 * Finds out whether an instrument's results can be written, by writing: the very things that staging does first, and some bytes.
 * @param name of whoever asks; two that ask at once do not meet
 * @throws {ResultsFault}
 */
export const probePlace = async (place: InstrumentPlace, name: string, modes: FileModes): Promise<boolean> => {
  const folder = stagingRoot(place.resultsRoot, place.instrument)
  try {
    const isOwnDisk = await lookAtPlace(place)
    await makeDirectories(folder, modes)
    const path = join(folder, `${probePrefix}${name}`)
    const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants
    const file = await open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, modes.file)
    try {
      // A file without a name goes with whoever holds it: nothing is left where we are ended meanwhile.
      await applyModes(path, 'file', modes)
      await unlink(path)
      await file.writeFile(Buffer.alloc(probeBytes))
      await file.sync()
    } finally {
      await file.close()
    }
    return isOwnDisk
  } catch (cause) {
    throw asResultsFault(folder, cause)
  }
}
