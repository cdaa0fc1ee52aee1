import { releaseReduction, type Lease } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import { resultsOf } from '#results/disk/open-disk.ts'
import type { Processor } from './processor.ts'
import { finish, type Finished } from './publish-results.ts'

export type GivenBack = { readonly state: 'lost' | 'released'; readonly reason: string | null }

type Held = Lease & { readonly instrument: string }

/** A disk that does not answer does not hold up the end; what it keeps is removed when it is swept. */
const patienceMs = 3_000

/** Leaves no trace of an attempt on the results disk, if the disk lets us. */
export const discard = async (processor: Processor, attempt: Held): Promise<void> => {
  const { disk, settings, log } = processor
  const { instrument, reductionId, fence } = attempt
  const input = { resultsRoot: settings.resultsRoot, attempt: { instrument, reductionId, fence } }
  await disk
    .ask('discard', input, resultsOf(instrument), { patienceMs })
    .catch((fault: unknown) =>
      log.warn({ ...faultFields(fault), reduction: { id: reductionId } }, 'staging was left behind'),
    )
}

/**
 * The reduction returns to the line, uncounted: it could not be run here and now.
 * @param reason for whoever looks; without one, that this processor stops
 */
export const giveBack = async (processor: Processor, claim: Held, reason?: string): Promise<GivenBack> => {
  // First in line again, then the disk: this processor may have to stop. Where the database is away just now, the lease runs out
  // instead, and counts as a lost worker.
  await releaseReduction(processor.database, claim, reason).catch((fault: unknown) =>
    processor.log.warn({ ...faultFields(fault), reduction: { id: claim.reductionId } }, 'could not be given back'),
  )
  await discard(processor, claim)
  return { state: 'released', reason: reason ?? null }
}

/** The reduction is somebody else's by now. */
export const leaveToOthers = async (processor: Processor, claim: Held): Promise<GivenBack> => {
  await discard(processor, claim)
  return { state: 'lost', reason: null }
}

/** Ends a reduction that has no results to publish. */
export const fail = async (
  processor: Processor,
  claim: Held,
  reason: string,
  state: 'Error' | 'Cancelled' = 'Error',
): Promise<Finished> => {
  await discard(processor, claim)
  return finish(processor, claim, { state, reason, scriptSeconds: null, resultsPath: null })
}
