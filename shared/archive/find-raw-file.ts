import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { dataFolder } from './archive-paths.ts'
import { describeFileFault, isAbsent } from './file-faults.ts'
import { cyclesNewestFirst, matchRawFile, rawFileNames, runNumberInName } from './raw-file-names.ts'

export type RawFileSearch =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'only-raw'; readonly path: string; readonly reason: string }
  | { readonly kind: 'absent'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string }

// A new run lies in the newest cycle under a usual name: asking for those names spares listing folders of ten thousand files.
const cyclesTriedByName = 2

/**
 * Finds a run's raw file: every prefix, padding and case, newest cycle first. Names that lie there are looked at as names only; what the
 * file is, is for `readRawFile` to say.
 */
export const findRawFile = async (
  root: string,
  instrument: string,
  run: number,
  prefixes: readonly string[],
): Promise<RawFileSearch> => {
  const folder = dataFolder(root, instrument)
  let cycles: readonly string[]
  try {
    cycles = cyclesNewestFirst(await readdir(folder))
  } catch (fault) {
    const reason = `The data folder of ${instrument} ${describeFileFault(fault)}: ${folder}`
    return isAbsent(fault) ? { kind: 'absent', reason } : { kind: 'unreadable', path: folder, reason }
  }
  for (const cycle of cycles.slice(0, cyclesTriedByName)) {
    const path = await firstThatExists(join(folder, cycle), rawFileNames(run, prefixes))
    if (path !== undefined) return { kind: 'found', path }
  }
  return searchListings(folder, cycles, instrument, run, prefixes)
}

const firstThatExists = async (folder: string, names: readonly string[]): Promise<string | undefined> => {
  const paths = names.map((name) => join(folder, name))
  const exist = await Promise.all(paths.map((path) => stat(path).then(isThere, isNot)))
  return paths.find((_path, place) => exist[place])
}

const isThere = (): boolean => true
// A folder that may not be searched says nothing of the file: the listings tell.
const isNot = (): boolean => false

const searchListings = async (
  folder: string,
  cycles: readonly string[],
  instrument: string,
  run: number,
  prefixes: readonly string[],
): Promise<RawFileSearch> => {
  let onlyRaw: string | undefined
  let unreadable: { readonly path: string; readonly reason: string } | undefined
  for (const cycle of cycles) {
    const path = join(folder, cycle)
    try {
      const names = await rawFilesOf(path, run)
      const nexus = names.find((name) => matchRawFile(name, run, prefixes) === 'nexus')
      if (nexus !== undefined) return { kind: 'found', path: join(path, nexus) }
      const raw = names.find((name) => matchRawFile(name, run, prefixes) === 'raw')
      if (raw !== undefined) onlyRaw ??= join(path, raw)
    } catch (fault) {
      if (!isAbsent(fault))
        unreadable ??= {
          path,
          reason: `No file for run ${run} of ${instrument} was found, and one folder could not be looked through: ${cycle} ${describeFileFault(fault)}: ${path}`,
        }
    }
  }
  if (onlyRaw !== undefined) {
    return {
      kind: 'only-raw',
      path: onlyRaw,
      reason: `Only the old .raw file of run ${run} is there, which this service does not read; its NeXus file (.nxs) has not come: ${onlyRaw}`,
    }
  }
  if (unreadable !== undefined) return { kind: 'unreadable', ...unreadable }
  return {
    kind: 'absent',
    reason:
      cycles.length === 0
        ? `There is no cycle folder in the data folder of ${instrument}: ${folder}`
        : `There is no file for run ${run} of ${instrument} in the archive yet (looked for ${prefixes.join(', ')} in ${cycles.length === 1 ? (cycles[0] ?? '') : `${cycles.length} cycles up to ${cycles[0] ?? ''}`}).`,
  }
}

type Listing = { readonly changedMs: number; readonly namesByRun: ReadonlyMap<number, readonly string[]> }

// Old cycles never change, and a run that has not come is looked for in all of them: their listings are kept while they are the same.
const listings = new Map<string, Listing>()
const mostListings = 128
const settledAfterMs = 10_000

const rawFilesOf = async (folder: string, run: number): Promise<readonly string[]> => {
  const changedMs = (await stat(folder)).mtimeMs
  const known = listings.get(folder)
  if (known?.changedMs === changedMs) return known.namesByRun.get(run) ?? []
  const namesByRun = new Map<number, string[]>()
  for (const name of await readdir(folder)) {
    const number = runNumberInName(name)
    if (number === undefined) continue
    const names = namesByRun.get(number)
    if (names) names.push(name)
    else namesByRun.set(number, [name])
  }
  listings.delete(folder)
  // A folder's time has the granularity of its file system; one that changed just now may change again unseen.
  if (Date.now() - changedMs > settledAfterMs) {
    listings.set(folder, { changedMs, namesByRun })
    for (const oldest of listings.keys()) {
      if (listings.size <= mostListings) break
      listings.delete(oldest)
    }
  }
  return namesByRun.get(run) ?? []
}
