/** The states of a reduction and the only moves between them. Every change of state in the service is a row of this table. */
export const reductionStates = ['Queued', 'Processing', 'Completed', 'Error', 'Skipped', 'Cancelled'] as const
export type ReductionState = (typeof reductionStates)[number]

export type FinalState = 'Completed' | 'Error' | 'Skipped' | 'Cancelled'

/**
 * Why a reduction moves. `lost` and `release` give the work back; all others are one-way. `withdraw` is a person's: cancelled before it
 * started, or skipped on resuming what was paused. One that was asked to be cancelled and then lost its processor goes by `finish`.
 */
export type Move =
  | { readonly move: 'claim'; readonly from: 'Queued'; readonly to: 'Processing' }
  | { readonly move: 'finish'; readonly from: 'Processing'; readonly to: FinalState }
  | { readonly move: 'withdraw'; readonly from: 'Queued'; readonly to: 'Cancelled' | 'Skipped' }
  | { readonly move: 'give-up'; readonly from: 'Processing'; readonly to: 'Error' }
  | { readonly move: 'lost'; readonly from: 'Processing'; readonly to: 'Queued' }
  | { readonly move: 'release'; readonly from: 'Processing'; readonly to: 'Queued' }

export type MoveName = Move['move']

export const legalMoves: readonly Move[] = [
  { move: 'claim', from: 'Queued', to: 'Processing' },
  { move: 'finish', from: 'Processing', to: 'Completed' },
  { move: 'finish', from: 'Processing', to: 'Error' },
  { move: 'finish', from: 'Processing', to: 'Skipped' },
  { move: 'finish', from: 'Processing', to: 'Cancelled' },
  { move: 'withdraw', from: 'Queued', to: 'Cancelled' },
  { move: 'withdraw', from: 'Queued', to: 'Skipped' },
  { move: 'give-up', from: 'Processing', to: 'Error' },
  { move: 'lost', from: 'Processing', to: 'Queued' },
  { move: 'release', from: 'Processing', to: 'Queued' },
]

export const isFinal = (state: ReductionState): state is FinalState => state !== 'Queued' && state !== 'Processing'

export const isLegalMove = (move: MoveName, from: ReductionState, to: ReductionState): boolean =>
  legalMoves.some((legal) => legal.move === move && legal.from === from && legal.to === to)
