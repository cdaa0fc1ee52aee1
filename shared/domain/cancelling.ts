import { isFinal, type ReductionState } from './reduction-states.ts'

/** How far a reduction has come, for whoever wants it ended. */
export type CancelStanding = {
  readonly state: ReductionState
  /** Its outcome is decided and its results are being put in place. */
  readonly isPublishing: boolean
  readonly cancelRequestedBy: string | null
}

export type CancelDecision =
  /** It has not started: it ends at once. */
  | { readonly do: 'withdraw' }
  /** It runs: its processor hears of it with its next heart-beat. */
  | { readonly do: 'ask' }
  /** Somebody asked before: a repeat does no harm. */
  | { readonly do: 'nothing'; readonly outcome: 'cancelled' | 'cancelling' }
  | { readonly do: 'refuse'; readonly reason: string }

export const decideCancel = ({ state, isPublishing, cancelRequestedBy }: CancelStanding): CancelDecision => {
  if (state === 'Queued') return { do: 'withdraw' }
  if (state === 'Cancelled') return { do: 'nothing', outcome: 'cancelled' }
  if (isFinal(state)) {
    return { do: 'refuse', reason: `It has ended already (${state}), so there is nothing to cancel. Its results stay.` }
  }
  if (isPublishing) {
    const reason =
      'Its script has ended and its results are being put in place, so it cannot be cancelled any more. It is finished within moments, or as soon as the disk for its results answers.'
    return { do: 'refuse', reason }
  }
  return cancelRequestedBy === null ? { do: 'ask' } : { do: 'nothing', outcome: 'cancelling' }
}

/** Sentences that scientists read beside *Cancelled*. */
export const cancelledInLine = (who: string): string => `Cancelled by ${who} before it started.`
/** Its processor was lost or stopped before it could end the script itself. */
export const cancelledWithItsProcessor = (who: string): string =>
  `Cancelled by ${who} while it ran. Its processor was lost meanwhile, so nothing that it had written is kept.`
/** It was to be run again, and was not put into the line for that. */
export const cancelledInsteadOfWaiting = (who: string): string =>
  `Cancelled by ${who}. It had come to no result that could be kept.`
