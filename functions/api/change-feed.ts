import type { ChangeEvent } from '#contracts/change-events.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { faultFields, type Log } from '#function-server/log.ts'
import { gapsIn, settledUpTo, type Gap } from './settle-ids.ts'

/** What the feed asks of the table of changes; `queries/change-events.ts` in production. */
export type ChangeTable = {
  readonly start: () => Promise<{ readonly settled: number; readonly newest: number }>
  readonly idsAfter: (id: number) => Promise<readonly number[]>
  readonly isIdHeld: (from: number, to: number) => Promise<boolean>
  readonly eventsBetween: (viewer: Viewer, after: number, upTo: number) => Promise<Stretch>
}

/** The events that a viewer may see of a stretch of ids, and how far they were read. */
export type Stretch = { readonly events: readonly ChangeEvent[]; readonly position: number }

export type FeedSettings = {
  readonly pollMs: number
  /** A gap that no transaction holds was never used; asked only when it is this old, since an id is taken before its row is written. */
  readonly unusedAfterMs: number
  /** Longest wait for a gap. */
  readonly longestGapMs: number
  readonly nowMs: () => number
}
export const usualFeedSettings: FeedSettings = {
  pollMs: 500,
  unusedAfterMs: 300,
  longestGapMs: 2_000,
  nowMs: () => performance.now(),
}

/** The changes of the whole service in the order of their ids: one look at the table for all who listen, and none while nobody does. */
export type ChangeFeed = {
  /** Starts listening: where the feed stands now, and the newest change that anybody can have seen. `leave` must be called. */
  readonly join: () => Promise<{ readonly position: number; readonly newest: number; readonly leave: () => void }>
  /** The viewer's events after an id; waits until there are changes, the viewer's or not, or until the signal. */
  readonly next: (viewer: Viewer, after: number, signal: AbortSignal) => Promise<Stretch>
  readonly listeners: () => number
  /** Ends all streams: whoever waits is let go. */
  readonly close: () => void
  readonly closed: AbortSignal
}

export const openChangeFeed = (
  table: ChangeTable,
  log: Log,
  settings: FeedSettings = usualFeedSettings,
): ChangeFeed => {
  let listeners = 0
  let position: number | undefined
  let gaps: readonly Gap[] = []
  let timer: NodeJS.Timeout | undefined
  let isFailing = false
  const waiting = new Set<() => void>()
  const reads = new Map<string, Promise<Stretch>>()
  const end = new AbortController()

  const wakeAll = (): void => {
    for (const wake of [...waiting]) wake()
  }

  const look = async (from: number): Promise<number> => {
    const ids = await table.idsAfter(from)
    const now = settings.nowMs()
    gaps = gapsIn(from, ids, gaps, now)
    const old = gaps.filter((gap) => now - gap.sinceMs >= settings.unusedAfterMs)
    const held = new Set<Gap>()
    const [first] = old
    const last = old.at(-1)
    // One question for all; only where something is held is it asked gap by gap.
    if (first && last && (await table.isIdHeld(first.from, last.to))) {
      for (const gap of old) if (await table.isIdHeld(gap.from, gap.to)) held.add(gap)
    }
    const isOpen = (gap: Gap): boolean =>
      now - gap.sinceMs < settings.longestGapMs && (!old.includes(gap) || held.has(gap))
    return settledUpTo(from, ids, gaps, isOpen)
  }

  const poll = async (): Promise<void> => {
    const from = position
    if (from === undefined) return
    try {
      const settled = await look(from)
      if (isFailing) log.info({ event: { action: 'changes-read' } }, 'the changes can be read again')
      isFailing = false
      if (position === from && settled > from) {
        position = settled
        reads.clear()
        wakeAll()
      }
    } catch (fault) {
      if (!isFailing) log.warn(faultFields(fault), 'the changes cannot be read; live views stand still meanwhile')
      isFailing = true
    }
  }

  const schedule = (): void => {
    if (timer || listeners === 0 || end.signal.aborted) return
    timer = setTimeout(() => {
      void poll().finally(() => {
        timer = undefined
        schedule()
      })
    }, settings.pollMs)
  }

  const leave = (): void => {
    listeners -= 1
    if (listeners > 0) return
    clearTimeout(timer)
    timer = undefined
    // Nobody looks meanwhile, so where things stand is found out anew.
    position = undefined
    gaps = []
    reads.clear()
  }

  const moved = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      waiting.add(done)
      signal.addEventListener('abort', done)
      if (signal.aborted || end.signal.aborted) done()
    })

  const read = (viewer: Viewer, after: number, upTo: number): Promise<Stretch> => {
    const key = `${after} ${upTo} ${JSON.stringify(viewer)}`
    const known = reads.get(key)
    if (known) return known
    const reading = table.eventsBetween(viewer, after, upTo)
    reads.set(key, reading)
    reading.catch(() => reads.delete(key))
    return reading
  }

  return {
    listeners: () => listeners,
    closed: end.signal,
    join: async () => {
      listeners += 1
      let left = false
      const leaveOnce = (): void => {
        if (!left) leave()
        left = true
      }
      try {
        const { settled, newest } = await table.start()
        // Whoever waited for it may have left meanwhile, and somebody else come.
        if (listeners > 0) position ??= settled
        schedule()
        return { position: position ?? settled, newest, leave: leaveOnce }
      } catch (fault) {
        leaveOnce()
        throw fault
      }
    },
    next: async (viewer, after, signal) => {
      while (!signal.aborted && !end.signal.aborted && (position === undefined || position <= after))
        await moved(signal)
      if (signal.aborted || end.signal.aborted || position === undefined) return { events: [], position: after }
      return read(viewer, after, position)
    },
    close: () => {
      end.abort()
      clearTimeout(timer)
      wakeAll()
    },
  }
}
