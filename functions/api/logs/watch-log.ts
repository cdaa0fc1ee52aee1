import type { LogRange } from '#results/read-result.ts'
import { faultFields, type Log } from '#function-server/log.ts'
import type { OutOfReach } from '../results-reading.ts'
import type { LogStanding } from './log-standing.ts'

/** What a watch asks: the database where the log stands, a reader process what it holds. */
export type LogSource = {
  /** Undefined where there is no such reduction any more. */
  readonly standing: () => Promise<LogStanding | undefined>
  readonly read: (
    standing: LogStanding,
    from: number,
    length: number,
  ) => Promise<LogRange | { readonly kind: 'absent' } | OutOfReach>
}

/** Where one follower is: up to which byte it has read, of which attempt, and what trouble it was told of. */
export type Position = { readonly attempt: number; readonly offset: number; readonly trouble: string | undefined }

export type Heard =
  /** `offset` is larger than the follower's where the bytes between were cut. */
  | {
      readonly kind: 'bytes'
      readonly offset: number
      readonly bytes: Uint8Array
      /**
       * How much of a hurry there is: none where the log runs away from this follower, since what it misses is cut anyway; some where much is
       * there already, and all are to get it soon.
       */
      readonly hurry: 'none' | 'some' | 'great'
    }
  /** Another processor has begun anew, and with it the log. */
  | { readonly kind: 'restarted'; readonly attempt: number }
  /** The log cannot be read now; undefined: it can again. */
  | { readonly kind: 'trouble'; readonly trouble: string | undefined }
  | { readonly kind: 'over'; readonly end: LogStanding['end'] }
  | { readonly kind: 'nothing' }

export type LogWatch = {
  /** Where the log stood at the first look. */
  readonly opened: Promise<{ readonly attempt: number; readonly sizeBytes: number }>
  /** What comes next for a follower; waits for it, at most so long, or until the signal. */
  readonly next: (position: Position, patienceMs: number, signal: AbortSignal) => Promise<Heard>
  readonly close: () => void
}

export type WatchSettings = {
  /** The look after one that found something, and the longest distance between two while nothing is printed. A line is to be seen within 500 ms. */
  readonly shortestMs: number
  readonly longestMs: number
  /** How often the database is asked while the log can be read. */
  readonly standingMs: number
  /** A disk that does not answer is left alone for so long. */
  readonly troubleMs: number
  readonly nowMs: () => number
}
export const usualWatchSettings: WatchSettings = {
  shortestMs: 50,
  longestMs: 250,
  standingMs: 1_000,
  troubleMs: 1_000,
  nowMs: () => performance.now(),
}

/** What is kept in memory of the end of a log, and read at once of any place in it. */
const keptBytes = 64 * 1024
/** How many pieces of what lies further back are kept for those who come along there next. */
const keptPieces = 4
/** Where more than this was printed between two looks, the watch follows the end and leaves what lies between to who wants it. */
const mostBehindBytes = 1024 * 1024

/**
 * Looks at one growing log for all who follow it: one read a look, however many they are. File system events do not come over network
 * mounts, so it looks again and again, the less often the longer nothing came, and never once nobody follows any more.
 */
export const watchLog = (source: LogSource, log: Log, settings: WatchSettings = usualWatchSettings): LogWatch => {
  let standing: LogStanding | undefined
  let standingSinceMs = -Infinity
  /** Up to where the log is known, of this attempt; undefined before it was found. */
  let end: number | undefined
  /** The bytes before `end`. */
  let kept = Buffer.alloc(0)
  let isOver = false
  let trouble: string | undefined
  let delayMs = settings.shortestMs
  let timer: NodeJS.Timeout | undefined
  const stopped = new AbortController()
  const waiting = new Set<() => void>()
  const reads = new Map<number, ReturnType<LogSource['read']>>()
  const opened = Promise.withResolvers<{ attempt: number; sizeBytes: number }>()
  opened.promise.catch(() => undefined)

  const wakeAll = (): void => {
    for (const wake of [...waiting]) wake()
  }

  const findStanding = async (): Promise<LogStanding | undefined> => {
    if (standing && settings.nowMs() - standingSinceMs < settings.standingMs) return standing
    const found = await source.standing()
    standingSinceMs = settings.nowMs()
    if (found && standing && found.attempt !== standing.attempt) {
      end = undefined
      kept = Buffer.alloc(0)
      reads.clear()
    }
    standing = found
    return found
  }

  const take = (found: LogRange): void => {
    const isFirst = end === undefined
    if (found.sizeBytes - (found.offset + found.bytes.length) > mostBehindBytes) {
      end = found.sizeBytes
      kept = Buffer.alloc(0)
      return
    }
    // What was kept goes on only where nothing was cut between.
    const before = isFirst || found.offset === end ? kept : Buffer.alloc(0)
    kept = Buffer.concat([before, found.bytes])
    if (kept.length > keptBytes) kept = Buffer.from(kept.subarray(kept.length - keptBytes))
    end = found.offset + found.bytes.length
  }

  const look = async (): Promise<void> => {
    const current = await findStanding()
    if (!current) {
      isOver = true
      return
    }
    const before = { end, trouble }
    const found = await source.read(current, end ?? -keptBytes, keptBytes)
    trouble = found.kind === 'out-of-reach' ? found.detail : undefined
    switch (found.kind) {
      case 'out-of-reach':
        delayMs = settings.troubleMs
        break
      case 'absent':
        // Not begun, or just being moved: the database knows more.
        standingSinceMs = -Infinity
        isOver = current.end !== undefined
        delayMs = Math.min(delayMs * 1.5, settings.longestMs)
        break
      case 'read': {
        take(found)
        const isNew = end !== before.end && found.bytes.length > 0
        // Its end was known before it was read to it, so nothing can have come since.
        isOver = current.end !== undefined && !isNew
        delayMs = isNew ? settings.shortestMs : Math.min(delayMs * 1.5, settings.longestMs)
      }
    }
    opened.resolve({ attempt: current.attempt, sizeBytes: found.kind === 'read' ? found.sizeBytes : 0 })
    if (end !== before.end || trouble !== before.trouble || isOver) wakeAll()
  }

  const goOn = async (): Promise<void> => {
    while (!stopped.signal.aborted && !isOver) {
      try {
        await look()
      } catch (fault) {
        log.warn(faultFields(fault), 'a log cannot be followed for the moment')
        trouble = 'The service cannot look at the log for the moment. It tries again.'
        delayMs = settings.troubleMs
        opened.reject(fault)
        wakeAll()
      }
      if (isOver || stopped.signal.aborted) break
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, delayMs)
        stopped.signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    wakeAll()
  }

  const changed = (patienceMs: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(late)
        waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const late = setTimeout(done, patienceMs)
      waiting.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted || stopped.signal.aborted) done()
    })

  /** Those who are behind read up to the same boundaries, so that they share what is read there, and a little is kept for the next. */
  const readAt = (current: LogStanding, offset: number): ReturnType<LogSource['read']> => {
    const known = reads.get(offset)
    if (known) return known
    const reading = source.read(current, offset, keptBytes - (offset % keptBytes))
    reads.set(offset, reading)
    const forget = (): void => {
      if (reads.get(offset) === reading) reads.delete(offset)
    }
    // A short piece may be longer a moment later; a fault is not kept.
    const isWhole = (found: Awaited<typeof reading>): boolean =>
      found.kind === 'read' && (found.offset + found.bytes.length) % keptBytes === 0
    reading.then((found) => isWhole(found) || forget(), forget)
    for (const oldest of reads.keys()) {
      if (reads.size <= keptPieces) break
      reads.delete(oldest)
    }
    return reading
  }

  const bytesFor = async (current: LogStanding, offset: number, upTo: number): Promise<Heard | undefined> => {
    const from = upTo - kept.length
    if (offset >= from) return { kind: 'bytes', offset, bytes: kept.subarray(offset - from), hurry: 'great' }
    const hurry = upTo - offset > mostBehindBytes && current.end === undefined ? 'none' : 'some'
    const found = await readAt(current, offset)
    if (found.kind !== 'read' || (found.bytes.length === 0 && found.offset === offset)) return undefined
    return { kind: 'bytes', offset: found.offset, bytes: found.bytes, hurry }
  }

  void goOn()
  return {
    opened: opened.promise,
    next: async (position, patienceMs, signal) => {
      const until = settings.nowMs() + patienceMs
      for (;;) {
        if (signal.aborted || stopped.signal.aborted) return { kind: 'nothing' }
        if (trouble !== position.trouble) return { kind: 'trouble', trouble }
        if (standing && standing.attempt !== position.attempt) return { kind: 'restarted', attempt: standing.attempt }
        if (standing && end !== undefined && position.offset < end) {
          const heard = await bytesFor(standing, position.offset, end)
          if (heard) return heard
        } else if (isOver) return { kind: 'over', end: standing?.end }
        const leftMs = until - settings.nowMs()
        if (leftMs <= 0) return { kind: 'nothing' }
        await changed(Math.min(leftMs, settings.longestMs * 4), signal)
      }
    },
    close: () => {
      stopped.abort()
      clearTimeout(timer)
      opened.reject(new Error('Nobody follows this log any more.'))
      wakeAll()
    },
  }
}
