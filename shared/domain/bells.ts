import { howManyMayStart, type Line, type Running } from './who-is-next.ts'

/** How many bells to ring: one for each reduction that could start now. Too many cost little, too few cost a tick. */
export const bellsToRing = (situation: {
  readonly slots: number
  readonly running: readonly Running[]
  readonly lines: readonly Line[]
  /** Reductions whose processor died before it could publish them: somebody must finish them. */
  readonly orphaned: number
}): number => {
  const { slots, lines, orphaned } = situation
  const isAnyQueued = lines.some(({ count }) => count > 0)
  // With no processor heard of, one bell wakes the first: it may have been scaled to nothing.
  const mayStart = slots === 0 && isAnyQueued ? 1 : howManyMayStart(situation)
  return Math.max(mayStart, orphaned > 0 ? 1 : 0)
}
