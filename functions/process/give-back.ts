import { releaseReduction } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import { discard, type Held } from './discard-attempt.ts'
import type { Processor } from './processor.ts'
import { finish, type Finished } from './publish-results.ts'

export type GivenBack = { readonly state: 'lost' | 'released'; readonly reason: string | null }

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
