export type Cycle = { readonly folder: string; readonly year: number; readonly number: number }

/** `cycle_24_3`, `cycle_18_03`; years 84 to 99 are 1984 to 1999, so `cycle_97_1` is older than `cycle_18_03`. */
export const parseCycle = (folder: string): Cycle | undefined => {
  const match = /^cycle_([0-9]{2})_([0-9]{1,2})$/i.exec(folder)
  if (!match) return undefined
  const shortYear = Number(match[1])
  return { folder, year: shortYear >= 84 ? 1900 + shortYear : 2000 + shortYear, number: Number(match[2]) }
}

/** The cycle folders among these names, newest first; other names are left out. */
export const cyclesNewestFirst = (folders: readonly string[]): readonly string[] =>
  folders
    .map(parseCycle)
    .filter((cycle) => cycle !== undefined)
    .sort((left, right) => right.year - left.year || right.number - left.number)
    .map((cycle) => cycle.folder)

// Today's files have eight digits, older ones five; the others are seldom.
const paddings = [8, 5, 7, 6, 0]

/** The usual names of a run's raw file, the likeliest first. Files of other case are found by {@link matchRawFile}. */
export const rawFileNames = (run: number, prefixes: readonly string[]): readonly string[] => [
  ...new Set(
    ['.nxs', '.NXS'].flatMap((extension) =>
      prefixes.flatMap((prefix) => paddings.map((width) => `${prefix}${String(run).padStart(width, '0')}${extension}`)),
    ),
  ),
]

/** Is this file that run's, whatever the padding and the case? */
export const matchRawFile = (name: string, run: number, prefixes: readonly string[]): 'nexus' | 'raw' | undefined => {
  const upper = name.toUpperCase()
  for (const prefix of prefixes) {
    if (!upper.startsWith(prefix.toUpperCase())) continue
    const match = /^([0-9]{1,9})\.(NXS|RAW)$/.exec(upper.slice(prefix.length))
    if (match && Number(match[1]) === run) return match[2] === 'NXS' ? 'nexus' : 'raw'
  }
  return undefined
}

/** Every run number that a file name may stand for, whatever its prefix; empty where it is no raw file. */
export const runNumberInName = (name: string): number | undefined => {
  const digits = /([0-9]{1,9})\.(?:nxs|raw)$/i.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
