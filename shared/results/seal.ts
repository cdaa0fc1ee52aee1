import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { applyModes, type FileModes } from './file-modes.ts'
import { noProgress, type Progress } from './progress.ts'
import type { Provenance } from './provenance.ts'
import { asResultsFault } from './results-fault.ts'
import { logFolder, provenanceName } from './result-paths.ts'
import type { Staging } from './stage.ts'
import { syncToDisk, writeDurably } from './sync-to-disk.ts'

/**
 * Puts log and provenance into a tidied staging directory. From then on it is complete: only the rename is left.
 * @throws {ResultsFault}
 */
export const seal = async (
  staging: Staging,
  record: { readonly logName: string; readonly provenance: Provenance },
  modes: FileModes,
  progress: Progress = noProgress,
): Promise<void> => {
  const folder = join(staging.directory, logFolder)
  const log = join(staging.directory, record.logName)
  try {
    await mkdir(folder, { recursive: true })
    await applyModes(folder, 'directory', modes)
    await rename(staging.log, log)
    await applyModes(log, 'file', modes)
    await syncToDisk(log, progress)
    await syncToDisk(folder, progress)
    await writeDurably(
      join(staging.directory, provenanceName),
      `${JSON.stringify(record.provenance, null, 2)}\n`,
      modes.file,
    )
    progress()
    await syncToDisk(staging.directory)
  } catch (cause) {
    throw asResultsFault(staging.directory, cause)
  }
}
