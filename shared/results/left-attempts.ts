import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { noProgress, type Progress } from './progress.ts'
import { removeTree } from './remove-tree.ts'
import { hasCode } from './results-fault.ts'
import { stagingRoot, type Attempt } from './result-paths.ts'

/** An entry of a staging root: an attempt's directory, or a part of its log beside it. */
export type StagedEntry = Attempt & { readonly name: string; readonly kind: 'directory' | 'log' }

/** The attempts that lie below an instrument's staging root, whether or not anybody works at them. */
export const listStaged = async (resultsRoot: string, instrument: string): Promise<readonly StagedEntry[]> => {
  const names = await readdir(stagingRoot(resultsRoot, instrument)).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return []
    throw cause
  })
  return names.flatMap((name) => {
    const match = /^([0-9]+)-([0-9]+)(\.log.*)?$/.exec(name)
    if (!match) return []
    const kind = match[3] === undefined ? 'directory' : 'log'
    return [{ instrument, reductionId: Number(match[1]), fence: Number(match[2]), name, kind }]
  })
}

export const removeStaged = (
  resultsRoot: string,
  { instrument, name }: StagedEntry,
  progress: Progress = noProgress,
): Promise<void> => removeTree(join(stagingRoot(resultsRoot, instrument), name), progress)

/** The folders in the results root, each an instrument's or somebody else's. */
export const listInstrumentFolders = async (resultsRoot: string): Promise<readonly string[]> =>
  (await readdir(resultsRoot, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
