import { isFinal } from '#domain/reduction-states.ts'
import { standingOfReductions, type Standing } from '#database/queries/reductions-standing.ts'
import { faultFields } from '#function-server/log.ts'
import { resultsOf, resultsRootPlace } from '#results/disk/open-disk.ts'
import type { StagedEntry } from '#results/left-attempts.ts'
import { ResultsFault } from '#results/results-fault.ts'
import type { Processor } from './processor.ts'

/**
 * Is this nobody's any more? An attempt is over when a later one has begun or the reduction has ended. Where a reduction was given up
 * because its processors died, its last log is all there is to look at: it stays for a while.
 */
export const isLeftOver = (entry: StagedEntry, standing: Standing | undefined, keptLogDays: number): boolean => {
  // Perhaps another database's; nobody here can say.
  if (!standing) return false
  if (entry.fence < standing.fence) return true
  if (!isFinal(standing.state)) return false
  const isLastLog = entry.kind === 'log' && standing.state === 'Error' && !standing.hasResults
  return !isLastLog || (standing.daysSinceEnd ?? 0) >= keptLogDays
}

/**
 * Removes what attempts left on the results disk when their processors died and no later attempt cleared up: given up, cancelled,
 * or taken back while the dead one's script still wrote. One instrument after the other; one whose disk fails is passed over.
 * @returns the names of what was removed
 */
export const sweepStaging = async (processor: Processor): Promise<readonly string[]> => {
  const { disk, places, settings, log } = processor
  const { resultsRoot } = settings
  const removed: string[] = []
  for (const instrument of await disk.ask('listFolders', { resultsRoot }, resultsRootPlace)) {
    if (places.held().some((held) => held.instrument === instrument)) continue
    try {
      removed.push(...(await sweepOne(processor, instrument)))
    } catch (fault) {
      if (!(fault instanceof ResultsFault)) throw fault
      log.warn({ ...faultFields(fault), labels: { instrument } }, 'what dead processors had left could not be removed')
      // A folder that is no instrument's may be closed to us, and nobody's reductions wait for it.
      if (fault.kind === 'hung') await places.failed(instrument, fault)
    }
  }
  return removed
}

const sweepOne = async ({ database, disk, settings }: Processor, instrument: string): Promise<readonly string[]> => {
  const { resultsRoot, keptLogDays } = settings
  // First the disk, then the database: whatever was staged is known to it by then.
  const staged = await disk.ask('listStaged', { resultsRoot, instrument }, resultsOf(instrument))
  const ids = [...new Set(staged.map(({ reductionId }) => reductionId))]
  const standings = await standingOfReductions(database, ids)
  const entries = staged.filter((entry) => isLeftOver(entry, standings.get(entry.reductionId), keptLogDays))
  if (entries.length > 0) await disk.ask('removeStaged', { resultsRoot, entries }, resultsOf(instrument))
  return entries.map(({ name }) => `${instrument} ${name}`)
}
