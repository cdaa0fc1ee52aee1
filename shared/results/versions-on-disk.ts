import { readdir } from 'node:fs/promises'
import { asResultsFault, hasCode } from './results-fault.ts'
import { versionsDirectory, type ResultPlace } from './result-paths.ts'

/**
 * The highest N for which `run-version-N` lies on disk for a run or batch, -1 for none. The predecessor's versions count: new ones
 * are numbered behind them and nothing is overwritten.
 * @throws {ResultsFault} where the disk does not say
 */
export const highestVersionOnDisk = async (
  resultsRoot: string,
  place: Omit<ResultPlace, 'version'>,
): Promise<number> => {
  const directory = versionsDirectory(resultsRoot, place)
  try {
    return highestVersion(await readdir(directory))
  } catch (cause) {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return -1
    throw asResultsFault(directory, cause)
  }
}

export const highestVersion = (names: readonly string[]): number =>
  names.reduce((highest, name) => {
    const match = /^run-version-([0-9]{1,9})$/.exec(name)
    return match ? Math.max(highest, Number(match[1])) : highest
  }, -1)
