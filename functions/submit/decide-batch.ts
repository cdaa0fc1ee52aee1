import { describeRuns } from '#domain/run-ranges.ts'
import { instrumentInactive, noExperiment } from '#domain/skip-reasons.ts'
import type { ScriptFinding } from './decide-run.ts'

/** A run of a batch: what is known of its experiment, or why it cannot be reduced. */
export type BatchRun =
  | { readonly runNumber: number; readonly rbNumber: number | null; readonly rbText: string | null }
  | { readonly runNumber: number; readonly trouble: string }

export type BatchDecision =
  | { readonly do: 'queue'; readonly rbNumber: number }
  | { readonly do: 'skip'; readonly reason: string; readonly rbNumber: number | null }
  /** Nothing is recorded. */
  | { readonly do: 'refuse'; readonly reason: string }

/** Of many troubles so many are told; the others are like them. */
const troublesTold = 5

const tellTroubles = (troubles: readonly { readonly runNumber: number; readonly trouble: string }[]): string => {
  const told = troubles.slice(0, troublesTold).map(({ runNumber, trouble }) => `Run ${runNumber}: ${trouble}`)
  const more = troubles.length - told.length
  const others = more > 0 ? ` And ${more} more.` : ''
  return `A batch needs all its runs. ${told.join(' ')}${others} Leave them out, or submit the batch again when they are there.`
}

const tellExperiments = (byExperiment: ReadonlyMap<number | null, readonly number[]>): string => {
  const parts = [...byExperiment].map(
    ([rbNumber, runs]) => `${rbNumber === null ? 'no experiment' : `RB ${rbNumber}`}: ${describeRuns(runs)}`,
  )
  return `A batch is of one experiment, and these runs are of several (${parts.join('; ')}). Submit one batch for each.`
}

/** Several runs reduced together: queued, skipped with a reason, or refused as they are. */
export const decideBatch = (
  runs: readonly BatchRun[],
  circumstances: { readonly instrument: string; readonly isActive: boolean; readonly script: ScriptFinding },
): BatchDecision => {
  const troubles = runs.flatMap((run) => ('trouble' in run ? [run] : []))
  if (troubles.length > 0) return { do: 'refuse', reason: tellTroubles(troubles) }
  const known = runs.flatMap((run) => ('trouble' in run ? [] : [run]))
  const byExperiment = new Map<number | null, number[]>()
  for (const { runNumber, rbNumber } of known) {
    byExperiment.set(rbNumber, [...(byExperiment.get(rbNumber) ?? []), runNumber])
  }
  if (byExperiment.size > 1) return { do: 'refuse', reason: tellExperiments(byExperiment) }
  const rbNumber = known[0]?.rbNumber ?? null
  const { script, instrument, isActive } = circumstances
  if (rbNumber === null) return { do: 'skip', reason: noExperiment(known[0]?.rbText ?? null), rbNumber }
  if (!isActive) return { do: 'skip', reason: instrumentInactive(instrument), rbNumber }
  switch (script.kind) {
    case 'no-script':
      return { do: 'skip', reason: script.reason, rbNumber }
    case 'not-yet':
      return { do: 'refuse', reason: `${script.reason} Submit the batch again when it can be read.` }
    case 'script':
      return { do: 'queue', rbNumber }
  }
}
