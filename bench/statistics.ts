/** The value below which this share of the values lies (nearest rank). */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((left, right) => left - right)
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]
  if (value === undefined) throw new Error('there is nothing to take a percentile of')
  return value
}

export const middle = (values: readonly number[]): number => percentile(values, 0.5)

export const numbersFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, place) => first + place)

export const timed = async <Result>(
  work: () => Promise<Result>,
): Promise<{ readonly ms: number; readonly result: Result }> => {
  const began = performance.now()
  const result = await work()
  return { ms: performance.now() - began, result }
}
