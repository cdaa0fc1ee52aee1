import { describeRuns } from './run-ranges.ts'

/** The most runs that are reduced together: a page names them all, and a script gets them as one list. */
export const mostRunsOfBatch = 1_000

/** What several runs together are called, in paths too. Batches of other runs may begin and end alike: they share their versions. */
export const batchTarget = (runs: readonly number[]): string => {
  const sorted = runs.toSorted((left, right) => left - right)
  return `batch-${sorted[0] ?? 0}-${sorted.at(-1) ?? 0}`
}

export const isBatchTarget = (target: string): boolean => target.startsWith('batch-')

/** Why these runs are no batch by their number, in words; undefined where they are. */
export const faultOfBatchSize = (runs: readonly number[]): string | undefined => {
  if (runs.length < 2) {
    return `A batch has at least two runs, and only run ${describeRuns(runs)} is named. Leave out “batch” to reduce it by itself.`
  }
  if (runs.length > mostRunsOfBatch) {
    return `A batch has at most ${mostRunsOfBatch} runs; these are ${runs.length}. Submit them as several batches.`
  }
  return undefined
}
