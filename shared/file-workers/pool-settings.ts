import type { WorkerProgram } from './worker-child.ts'

export type WorkerLog = {
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
}

export type PoolSettings = {
  readonly program: WorkerProgram
  /** Workers that are kept for ordinary work; more are started while these are held up. */
  readonly count: number
  /** How many held-up workers there may be beside the ordinary ones. */
  readonly mostHeldUp: number
  /** One place never takes more workers than this: ten calls for a hanging drive must not hold up ten workers. */
  readonly workersPerPlace: number
  /** Calls that a worker does at once, all for one place: whoever hangs there takes only its like with it. */
  readonly callsAtOnce: number
  readonly log: WorkerLog
  readonly nowMs: () => number
  /** A worker without work for so long is ended. */
  readonly idleMs: number
  /** What people are told of a place that hangs. */
  readonly describeHung: (place: string, since: Date) => string
}

export type PoolCall = {
  readonly operation: string
  readonly input: unknown
  readonly place: string
  /** Longest time without an answer or a word of progress. */
  readonly timeoutMs: number
  /** Where its process breaks it is done once more by another, unless this says that half of it may not be done twice. */
  readonly isRepeatable?: boolean
  readonly onProgress?: (allowMs: number) => void
}
