import { readdir } from 'node:fs/promises'
import { isFinal } from '#domain/reduction-states.ts'
import { standingOfReductions, type Standing } from '#database/queries/reductions-standing.ts'
import { listStaged, removeStaged, type StagedEntry } from '#results/left-attempts.ts'
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
 * or taken back while the dead one's script still wrote. Each instrument by itself: one's disk may hang.
 * @returns the names of what was removed
 */
export const sweepStaging = async (processor: Pick<Processor, 'database' | 'settings'>): Promise<readonly string[]> => {
  const { resultsRoot, keptLogDays } = processor.settings
  const folders = (await readdir(resultsRoot, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  const swept = await Promise.allSettled(
    folders.map(async ({ name: instrument }) => {
      // First the disk, then the database: whatever was staged is known to it by then.
      const staged = await listStaged(resultsRoot, instrument)
      const standings = await standingOfReductions(processor.database, [
        ...new Set(staged.map(({ reductionId }) => reductionId)),
      ])
      const left = staged.filter((entry) => isLeftOver(entry, standings.get(entry.reductionId), keptLogDays))
      for (const entry of left) await removeStaged(resultsRoot, entry)
      return left.map(({ name }) => `${instrument} ${name}`)
    }),
  )
  const failed = swept.find((result) => result.status === 'rejected')
  if (failed) throw failed.reason
  return swept.flatMap((result) => (result.status === 'fulfilled' ? result.value : []))
}
