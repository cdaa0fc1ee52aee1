import { join } from 'node:path'

/** One version of one reduction's results. */
export type ResultPlace = {
  readonly instrument: string
  readonly rbNumber: number
  /** The run number, or `batch-<first>-<last>`. */
  readonly target: string
  readonly version: number
  readonly isFlat: boolean
}

/** Who is writing: `fence` tells one attempt at a reduction from the next. */
export type Attempt = { readonly instrument: string; readonly reductionId: number; readonly fence: number }

/** The folder of an experiment's reduced data, which a flat instrument's files lie in directly. */
export const autoreducedDirectory = (
  resultsRoot: string,
  place: Pick<ResultPlace, 'instrument' | 'rbNumber'>,
): string => join(resultsRoot, place.instrument, 'RBNumber', `RB${place.rbNumber}`, 'autoreduced')

/** Below the folder of a flat instrument. */
export const hiddenVersionsFolder = '.versions'

/** Where all versions of one run's (or batch's) results lie; hidden for a flat instrument, whose people look one level up. */
export const versionsDirectory = (resultsRoot: string, place: Omit<ResultPlace, 'version'>): string => {
  const autoreduced = autoreducedDirectory(resultsRoot, place)
  return place.isFlat ? join(autoreduced, hiddenVersionsFolder, place.target) : join(autoreduced, place.target)
}

const versionName = (version: number): string => `run-version-${version}`

/** The directory that a finished reduction's results are renamed to. */
export const resultsDirectory = (resultsRoot: string, place: ResultPlace): string =>
  join(versionsDirectory(resultsRoot, place), versionName(place.version))

export const stagingRoot = (resultsRoot: string, instrument: string): string =>
  join(resultsRoot, instrument, '.staging')

/** Where a script writes while it runs: on the same disk as the results, so that publishing is one rename. */
export const stagingDirectory = (resultsRoot: string, attempt: Attempt): string =>
  join(stagingRoot(resultsRoot, attempt.instrument), `${attempt.reductionId}-${attempt.fence}`)

/** The log while the script runs: beside the staging directory, where the script is not told to look. */
export const stagingLog = (resultsRoot: string, attempt: Attempt): string =>
  `${stagingDirectory(resultsRoot, attempt)}.log`

export const logFolder = 'reduction_log'

/** The log of a finished reduction, below its results directory. */
export const scriptLogName = (place: Pick<ResultPlace, 'rbNumber' | 'target'>): string =>
  `${logFolder}/RB_${place.rbNumber}_Run_${place.target}_Script.out`

/** What ran, below the results directory. */
export const provenanceName = 'provenance.json'
