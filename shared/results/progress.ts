/** Called between steps: the work gets on, and the next step may take `allowMs` longer than a step usually may. */
export type Progress = (allowMs?: number) => void

export const noProgress: Progress = () => undefined

/** A disk that is not broken takes ten megabytes a second; beyond ten minutes it is. */
const bytesPerMs = 10_000
const longestAllowanceMs = 600_000

/** How much longer than usual it may take to flush or copy so much. */
export const allowanceMs = (sizeBytes: number): number =>
  Math.min(longestAllowanceMs, Math.ceil(sizeBytes / bytesPerMs))
