export type BackOff = {
  readonly firstMs: number
  readonly ceilingMs: number
  /** A connection that lived shorter than this proves nothing: the delay goes on growing. */
  readonly provenAfterMs: number
}

export const brokerBackOff: BackOff = { firstMs: 200, ceilingMs: 10_000, provenAfterMs: 5_000 }

/**
 * How long to wait before the next attempt: doubling from `firstMs` to `ceilingMs`, of which a random half is taken off, so that many
 * clients of one broker do not come back in step.
 * @param failures how many attempts have failed in a row, 1 or more
 * @param random from 0 up to 1
 */
export const delayBeforeAttempt = (failures: number, random: number, backOff: BackOff): number => {
  const doubled = backOff.firstMs * 2 ** Math.min(failures - 1, 40)
  return Math.min(doubled, backOff.ceilingMs) * (1 - random / 2)
}
