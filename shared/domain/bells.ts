/** How many bells to ring: one for each reduction that could start now. Too many cost nothing, too few cost a tick. */
export const bellsToRing = (line: {
  readonly slots: number
  readonly processing: number
  readonly queued: number
  /** Reductions whose processor died before it could publish them: somebody must finish them. */
  readonly orphaned: number
}): number => {
  if (line.queued + line.orphaned === 0) return 0
  // With no processor heard of, one bell wakes the first: it may have been scaled to nothing.
  const free = line.slots === 0 ? 1 : Math.max(0, line.slots - line.processing)
  return Math.min(Math.max(free, line.orphaned > 0 ? 1 : 0), line.queued + line.orphaned)
}
