import { reductionClasses, type ReductionClass } from './reduction-classes.ts'

/** How many reductions of one instrument and class stand in line, and how many of them came before the one that is asked about. */
export type LineCount = {
  readonly instrument: string
  readonly class: ReductionClass
  readonly queued: number
  readonly earlier: number
}

/**
 * An estimate of the place in line, 1 for the next: all of the more urgent classes, all of the own instrument that came earlier, and of
 * every other instrument as many as take turns with these. Age promotes and new data comes in between, so it is no promise.
 */
export const placeInLine = (
  mine: { readonly instrument: string; readonly class: ReductionClass },
  line: readonly LineCount[],
): number => {
  const urgency = (of: ReductionClass): number => reductionClasses.indexOf(of)
  const own = line.find((count) => count.instrument === mine.instrument && count.class === mine.class)
  const turns = (own?.earlier ?? 0) + 1
  let before = own?.earlier ?? 0
  for (const count of line) {
    if (count === own) continue
    if (urgency(count.class) < urgency(mine.class)) before += count.queued
    else if (count.class === mine.class) before += Math.min(count.earlier, turns)
  }
  return before + 1
}
