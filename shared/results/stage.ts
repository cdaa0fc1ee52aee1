import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileModes } from './file-modes.ts'
import { makeDirectories } from './make-directories.ts'
import { asResultsFault, hasCode, ResultsFault } from './results-fault.ts'
import { stagingDirectory, stagingLog, stagingRoot, type Attempt } from './result-paths.ts'

export type Staging = { readonly directory: string; readonly log: string }

/**
 * Makes a fresh, empty directory for one attempt, and removes what earlier attempts at the same reduction left behind: they have lost
 * their lease, and what one of them may still be writing is nobody's any more.
 * @throws {ResultsFault}
 */
export const stage = async (resultsRoot: string, attempt: Attempt, modes: FileModes): Promise<Staging> => {
  const directory = stagingDirectory(resultsRoot, attempt)
  try {
    // A root that is missing is a mount that is missing: making it would fill the local disk instead.
    const root = await stat(resultsRoot)
    if (!root.isDirectory()) throw new ResultsFault('missing', `The results root ${resultsRoot} is not a directory.`)
    await makeDirectories(stagingRoot(resultsRoot, attempt.instrument), modes)
    await removeEarlierAttempts(resultsRoot, attempt)
    await mkdir(directory, { mode: modes.directory })
  } catch (cause) {
    throw asResultsFault(directory, cause)
  }
  return { directory, log: stagingLog(resultsRoot, attempt) }
}

/** Leaves no trace of an attempt that lost its lease or was released. */
export const discardStaging = async (resultsRoot: string, attempt: Attempt): Promise<void> => {
  const name = `${attempt.reductionId}-${attempt.fence}`
  await removeEntries(resultsRoot, attempt.instrument, (entry) => entry === name || entry.startsWith(`${name}.log`))
}

const removeEarlierAttempts = (resultsRoot: string, { instrument, reductionId, fence }: Attempt): Promise<void> =>
  removeEntries(resultsRoot, instrument, (entry) => {
    const match = /^([0-9]+)-([0-9]+)(\.log.*)?$/.exec(entry)
    return match !== null && Number(match[1]) === reductionId && Number(match[2]) <= fence
  })

const removeEntries = async (
  resultsRoot: string,
  instrument: string,
  isMeant: (entry: string) => boolean,
): Promise<void> => {
  const root = stagingRoot(resultsRoot, instrument)
  const entries = await readdir(root).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT')) return []
    throw cause
  })
  for (const entry of entries.filter(isMeant)) {
    await rm(join(root, entry), { recursive: true, force: true, maxRetries: 3 })
  }
}
