import { mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileModes } from './file-modes.ts'
import { lookAtPlace } from './look-at-place.ts'
import { makeDirectories } from './make-directories.ts'
import { noProgress, type Progress } from './progress.ts'
import { removeTree } from './remove-tree.ts'
import { asResultsFault, hasCode } from './results-fault.ts'
import { stagingDirectory, stagingLog, stagingRoot, type Attempt } from './result-paths.ts'

export type Staging = { readonly directory: string; readonly log: string }

/**
 * Makes a fresh, empty directory and an empty log for one attempt, and removes what earlier attempts at the same reduction left behind:
 * they have lost their lease, and what one of them may still be writing is nobody's any more.
 * @returns also whether the instrument's results have a disk of their own
 * @throws {ResultsFault}
 */
export const stage = async (
  resultsRoot: string,
  attempt: Attempt,
  modes: FileModes,
  wasOwnDisk = false,
  progress: Progress = noProgress,
): Promise<Staging & { readonly isOwnDisk: boolean }> => {
  const directory = stagingDirectory(resultsRoot, attempt)
  const log = stagingLog(resultsRoot, attempt)
  try {
    const isOwnDisk = await lookAtPlace({ resultsRoot, instrument: attempt.instrument, wasOwnDisk })
    await makeDirectories(stagingRoot(resultsRoot, attempt.instrument), modes)
    await removeEarlierAttempts(resultsRoot, attempt, progress)
    await Promise.all([
      mkdir(directory, { mode: modes.directory }),
      open(log, 'wx', 0o644).then((file) => file.close()),
    ])
    return { directory, log, isOwnDisk }
  } catch (cause) {
    throw asResultsFault(directory, cause)
  }
}

/** Leaves no trace of an attempt that lost its lease or was released. */
export const discardStaging = async (
  resultsRoot: string,
  attempt: Attempt,
  progress: Progress = noProgress,
): Promise<void> => {
  const name = `${attempt.reductionId}-${attempt.fence}`
  const isMeant = (entry: string): boolean => entry === name || entry.startsWith(`${name}.log`)
  await removeEntries(resultsRoot, attempt.instrument, isMeant, progress)
}

const removeEarlierAttempts = (
  resultsRoot: string,
  { instrument, reductionId, fence }: Attempt,
  progress: Progress,
): Promise<void> => {
  const isMeant = (entry: string): boolean => {
    const match = /^([0-9]+)-([0-9]+)(\.log.*)?$/.exec(entry)
    return match !== null && Number(match[1]) === reductionId && Number(match[2]) <= fence
  }
  return removeEntries(resultsRoot, instrument, isMeant, progress)
}

const removeEntries = async (
  resultsRoot: string,
  instrument: string,
  isMeant: (entry: string) => boolean,
  progress: Progress,
): Promise<void> => {
  const root = stagingRoot(resultsRoot, instrument)
  const entries = await readdir(root).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT')) return []
    throw cause
  })
  for (const entry of entries.filter(isMeant)) await removeTree(join(root, entry), progress)
}
