/** What a look at an instrument's counter means, given how far its runs are recorded. */
export type CounterDecision =
  | { readonly decision: 'first-sight'; readonly lastRun: number }
  | { readonly decision: 'unchanged' }
  /** These runs are new. */
  | { readonly decision: 'advance'; readonly first: number; readonly last: number }
  /** Seen once: a slip of the drive, or a counter that was reset. The next look tells. */
  | { readonly decision: 'step-back-seen'; readonly lastRun: number }
  /** Only a person knows what these mean. */
  | { readonly decision: 'stepped-back'; readonly cursor: number; readonly lastRun: number }
  | { readonly decision: 'gap-too-large'; readonly cursor: number; readonly lastRun: number }

export type Cursor = {
  /** The run up to which all are recorded. */
  readonly lastRun: number
  /** What the counter showed when it last seemed to step back; null where it did not. */
  readonly steppedBackTo: number | null
}

/**
 * Compares the counter with the cursor; undefined before the first sight. Submits nothing on a doubt: a counter that steps back must show
 * the same number twice to count, and a jump of more than `gapLimit` runs asks a person.
 */
export const decideCounter = (cursor: Cursor | undefined, lastRun: number, gapLimit: number): CounterDecision => {
  if (cursor === undefined) return { decision: 'first-sight', lastRun }
  if (lastRun === cursor.lastRun) return { decision: 'unchanged' }
  if (lastRun < cursor.lastRun) {
    return cursor.steppedBackTo === lastRun
      ? { decision: 'stepped-back', cursor: cursor.lastRun, lastRun }
      : { decision: 'step-back-seen', lastRun }
  }
  return lastRun - cursor.lastRun > gapLimit
    ? { decision: 'gap-too-large', cursor: cursor.lastRun, lastRun }
    : { decision: 'advance', first: cursor.lastRun + 1, last: lastRun }
}
