/**
 * How long a run whose file is not usable yet waits for the next look, by how long it has waited already: at nearly every pass at first,
 * since files are mostly late by seconds, then ever more seldom. A little under the full interval, so that a pass every five seconds is
 * not missed by a breath.
 */
export const secondsUntilNextTry = (waitedSeconds: number): number => {
  if (waitedSeconds < 2 * 60) return 8
  if (waitedSeconds < 10 * 60) return 18
  if (waitedSeconds < 60 * 60) return 58
  return 300
}

/** A file that cannot be read as HDF5 and has not changed for this long is not being copied any more. */
export const secondsUntilUnchangedMeansFinished = 5 * 60
