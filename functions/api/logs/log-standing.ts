import type { Readers } from '#archive/readers/open-readers.ts'
import type { ReductionPlace } from '#database/queries/reduction-files.ts'
import { isFinal, type FinalState } from '#domain/reduction-states.ts'
import type { LogPlaces, LogRange } from '#results/read-result.ts'
import { scriptLogName, stagingDirectory, stagingLog } from '#results/result-paths.ts'
import { askResults, type OutOfReach } from '../results-reading.ts'

/** What the database says of a log: where it may lie, and whether more will come. */
export type LogStanding = {
  readonly instrument: string
  /** Each processor that takes the reduction up begins a log of its own. */
  readonly attempt: number
  /** Undefined while more may come. */
  readonly end: { readonly state: FinalState; readonly reason: string | null } | undefined
  readonly places: LogPlaces
}

/**
 * Where the log is looked for: as long as the script may run, beside and in its staging directory, then among the results. One that was
 * given up because its processors died has no results, and its last log stays where it was.
 */
const placesOf = (resultsRoot: string, place: ReductionPlace): LogPlaces => {
  const { rbNumber, target, instrument, id, fence } = place
  if (rbNumber === null) return { staged: undefined, filed: [] }
  const path = scriptLogName({ rbNumber, target })
  const attempt = { instrument, reductionId: id, fence }
  const published = place.resultsPath === null ? [] : [{ root: resultsRoot, directory: place.resultsPath, path }]
  const isGivenUp = place.state === 'Error' && place.resultsPath === null
  if (place.state !== 'Processing' && !isGivenUp) return { staged: undefined, filed: published }
  // In the order in which it moves, so that one look finds it wherever it is just then.
  const directory = stagingDirectory(resultsRoot, attempt)
  return {
    staged: stagingLog(resultsRoot, attempt),
    filed: [{ root: resultsRoot, directory, path, awaitsRecord: !isGivenUp }, ...published],
  }
}

export const logStandingOf = (resultsRoot: string, place: ReductionPlace): LogStanding => ({
  instrument: place.instrument,
  attempt: place.fence,
  end: isFinal(place.state) ? { state: place.state, reason: place.reason } : undefined,
  places: placesOf(resultsRoot, place),
})

/** A part of a log from an offset on, negative from its end; through a reader process, since the disk may hang. */
export const readLog = (
  readers: Pick<Readers, 'call'>,
  { instrument, places }: LogStanding,
  from: number,
  length: number,
): Promise<LogRange | { readonly kind: 'absent' } | OutOfReach> =>
  askResults(instrument, (place) => readers.call('readLogRange', { ...places, from, length }, { place }))
