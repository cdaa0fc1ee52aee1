import type { Log } from '#function-server/log.ts'
import { usualWatchSettings, watchLog, type LogSource, type LogWatch, type WatchSettings } from './watch-log.ts'

/** Each watched log costs some reads a second. */
const mostWatched = 200
/** Each follower costs a connection here and in every proxy before it. */
const mostFollowers = 1_000

/** The logs that somebody follows: one watch each, begun for the first follower and ended with the last. */
export type LogWatches = {
  /** Undefined where no more can be served. `leave` must be called. */
  readonly join: (
    reductionId: number,
    source: LogSource,
  ) => { readonly watch: LogWatch; readonly leave: () => void } | undefined
  readonly watched: () => number
  /** Ends all streams. */
  readonly close: () => void
  readonly closed: AbortSignal
}

export const openLogWatches = (log: Log, settings: WatchSettings = usualWatchSettings): LogWatches => {
  const watches = new Map<number, { readonly watch: LogWatch; followers: number }>()
  const end = new AbortController()
  let followers = 0

  return {
    watched: () => watches.size,
    closed: end.signal,
    join: (reductionId, source) => {
      if (end.signal.aborted || followers >= mostFollowers) return undefined
      if (!watches.has(reductionId) && watches.size >= mostWatched) return undefined
      const known = watches.get(reductionId) ?? { watch: watchLog(source, log, settings), followers: 0 }
      watches.set(reductionId, known)
      known.followers += 1
      followers += 1
      let hasLeft = false
      return {
        watch: known.watch,
        leave: () => {
          if (hasLeft) return
          hasLeft = true
          followers -= 1
          known.followers -= 1
          if (known.followers > 0) return
          known.watch.close()
          watches.delete(reductionId)
        },
      }
    },
    close: () => {
      end.abort()
      for (const { watch } of watches.values()) watch.close()
    },
  }
}
