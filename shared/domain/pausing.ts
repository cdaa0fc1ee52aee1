/** Sentences that people read where an instrument, or the whole service, is paused. */

export const skippedOnResuming = (who: string, pausedReason: string): string =>
  `Held while paused (${withoutStop(pausedReason)}); ${who} chose to skip what was held. Re-run it if it is wanted after all.`

export const pausedBy = (who: string, reason: string): string => `${who} paused it: ${withoutStop(reason)}.`

export const resumedBy = (who: string, held: 'run' | 'skip', count: number): string =>
  count === 0
    ? `${who} resumed it. Nothing was held.`
    : `${who} resumed it; ${count} held ${count === 1 ? 'reduction' : 'reductions'} ${held === 'skip' ? 'skipped' : 'to be run'}.`

const withoutStop = (sentence: string): string => sentence.trim().replace(/[.\s]+$/, '')
