export type BackOff = (failures: number) => number

const [firstMs, longestMs] = [250, 10_000]

/** How long to wait before the next start: doubling up to ten seconds, with jitter so that replicas do not march in step. */
export const restartBackOff: BackOff = (failures) => {
  const full = Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1))
  return full * (0.75 + Math.random() * 0.25)
}
