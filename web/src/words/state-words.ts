import type { ReductionClass } from '#domain/reduction-classes.ts'
import type { ReductionState } from '#domain/reduction-states.ts'
import { durationWords, elapsedWords, secondsBetween } from '../time/durations.ts'
import { ordinal, withoutStop } from './plain-words.ts'

/** The shapes of states; each has its own colour. */
export type Mark =
  'waiting' | 'queued' | 'processing' | 'late' | 'completed' | 'error' | 'skipped' | 'cancelled' | 'paused' | 'unknown'

export type StateWords = {
  readonly mark: Mark
  /** The state in a word or a few; says the state even without the shape. */
  readonly word: string
  /** Why, in the service's own sentence. */
  readonly reason: string | undefined
  /** How much of the usual time has gone, where one is known; an estimate. Above 1 it takes longer than usual. */
  readonly share: number | undefined
}

/** The lines that reductions stand in, as pages call them. */
export const lineWords: Readonly<Record<ReductionClass, string>> = {
  fresh: 'fresh data',
  rerun: 're-runs',
  bulk: 'bulk re-runs',
}

/** What is known of a reduction wherever its state is shown; unknown states of a newer service are shown as they come. */
export type Describable = {
  readonly state: ReductionState
  readonly reason: string | null
  readonly startedAt: string | null
  readonly finishedAt: string | null
  readonly place?: number | null
  readonly durationSeconds?: number | null
  /** What holds it while it is Queued. */
  readonly held?: { readonly reason: string } | null
  readonly cancelRequestedBy?: string | null
}

const processing = (startedAt: string | null, typicalSeconds: number | null | undefined, nowMs: number): StateWords => {
  const none = { mark: 'processing', reason: undefined, share: undefined } as const
  if (startedAt === null) return { ...none, word: 'Processing' }
  const elapsed = Math.max(0, (nowMs - Date.parse(startedAt)) / 1000)
  if (!typicalSeconds) return { ...none, word: `Processing, ${elapsedWords(elapsed)}` }
  const share = elapsed / typicalSeconds
  const usual = durationWords(Math.max(1, Math.round(typicalSeconds)))
  if (share <= 1) return { ...none, word: `Processing, ${elapsedWords(elapsed)} of about ${usual}`, share }
  // A little longer than usual is usual, a few seconds of a short one above all.
  if (elapsed < typicalSeconds * 1.5 + 5)
    return { ...none, word: `Processing, ${elapsedWords(elapsed)}, usually ${usual}`, share }
  return { ...none, mark: 'late', word: `Processing for ${elapsedWords(elapsed)}, usually ${usual}`, share }
}

export const describeState = (reduction: Describable, nowMs: number, typicalSeconds?: number | null): StateWords => {
  const reason = reduction.reason === null ? undefined : withoutStop(reduction.reason)
  const plain = { reason, share: undefined }
  switch (reduction.state) {
    case 'Queued':
      if (reduction.held)
        return { ...plain, mark: 'paused', word: 'Held', reason: `paused, ${withoutStop(reduction.held.reason)}` }
      return {
        ...plain,
        mark: 'queued',
        word: reduction.place ? `Queued, ${ordinal(reduction.place)} in line` : 'Queued',
      }
    case 'Processing':
      if (reduction.cancelRequestedBy)
        return {
          ...plain,
          mark: 'processing',
          word: 'Being cancelled',
          reason: `asked by ${reduction.cancelRequestedBy}`,
        }
      return processing(reduction.startedAt, typicalSeconds, nowMs)
    case 'Completed': {
      const seconds = reduction.durationSeconds ?? secondsBetween(reduction.startedAt, reduction.finishedAt)
      return {
        ...plain,
        mark: 'completed',
        word: seconds === undefined ? 'Completed' : `Completed in ${durationWords(seconds)}`,
      }
    }
    case 'Error':
      return { ...plain, mark: 'error', word: 'Error' }
    case 'Skipped':
      return { ...plain, mark: 'skipped', word: 'Skipped' }
    case 'Cancelled':
      return { ...plain, mark: 'cancelled', word: 'Cancelled' }
    default:
      return { ...plain, mark: 'unknown', word: String(reduction.state) }
  }
}
