/** Ids that are missing between two that are there, and since when they have been missed. */
export type Gap = { readonly from: number; readonly to: number; readonly sinceMs: number }

/** The gaps in ids after a position; those known before keep the moment they were first seen. */
export const gapsIn = (
  position: number,
  ids: readonly number[],
  known: readonly Gap[],
  nowMs: number,
): readonly Gap[] => {
  const gaps: Gap[] = []
  let expected = position + 1
  for (const id of ids) {
    if (id > expected) {
      const before = known.find((gap) => gap.from <= expected && id - 1 <= gap.to)
      gaps.push({ from: expected, to: id - 1, sinceMs: before?.sinceMs ?? nowMs })
    }
    expected = id + 1
  }
  return gaps
}

/**
 * How far the ids are settled: up to the first gap that is still `open`. Rows get their id when they are written and are seen when they
 * are committed, so a lower id can come after a higher one.
 */
export const settledUpTo = (
  position: number,
  ids: readonly number[],
  gaps: readonly Gap[],
  isOpen: (gap: Gap) => boolean,
): number => {
  const barrier = gaps.find(isOpen)
  if (barrier) return barrier.from - 1
  return ids.at(-1) ?? position
}
