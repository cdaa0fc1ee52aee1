/** The middle of the values, or the mean of the two in the middle; undefined where there are none. */
export const median = (values: readonly number[]): number | undefined => {
  const sorted = values.toSorted((left, right) => left - right)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2
}
