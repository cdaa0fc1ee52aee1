import type { Replica } from './replica.ts'

export type Choice =
  | { readonly kind: 'replica'; readonly replica: Replica }
  /** Nobody is there to take the call. */
  | { readonly kind: 'none' }
  /** All are at their limit. */
  | { readonly kind: 'full' }

let turn = 0

/** The least busy of those that are ready; among equals in turn. */
export function chooseReplica(ready: readonly Replica[], maxInFlight: number): Choice {
  if (ready.length === 0) return { kind: 'none' }
  turn = (turn + 1) % ready.length
  const inTurn = [...ready.slice(turn), ...ready.slice(0, turn)]
  const replica = inTurn.reduce((best, next) => (next.inFlight < best.inFlight ? next : best))
  return replica.inFlight >= maxInFlight ? { kind: 'full' } : { kind: 'replica', replica }
}
