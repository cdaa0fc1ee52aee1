import type { LogChange, LogEnd } from './log-changes.ts'
import { cutMark, type LogCut } from './log-cut.ts'
import { holdPrintedBytes } from './printed-bytes.ts'

export type LogLimits = { readonly headBytes: number; readonly tailBytes: number }

/**
 * Keeps what a script prints, readable by others soon after; see `log-parts.ts`. A disk that is slow, full or hangs never holds up the
 * script: what it has not taken yet is held in memory, never more than is kept of a log at all, and sent again.
 */
export type LogWriter = {
  /** Never waits for the disk. */
  readonly write: (bytes: Buffer) => Promise<void>
  /**
   * Sends nothing more. Waits for what is being sent, but not longer than until `late`, and gives what is still to be done to finish
   * the log.
   */
  readonly close: (late?: AbortSignal) => Promise<LogEnd>
}

export type LogWriterSettings = {
  readonly limits: LogLimits
  /** Writes to the disk; may be slow, may fail, and is then asked again for the same and more. */
  readonly send: (change: LogChange) => Promise<void>
  /** Told of each failure to send. */
  readonly onFault?: (fault: unknown) => void
  readonly rhythm?: LogRhythm
}

/** After how long what was printed is sent, and what the disk did not take is sent again. */
export type LogRhythm = { readonly sendAfterMs: number; readonly againAfterMs: number }
const usualRhythm: LogRhythm = { sendAfterMs: 100, againAfterMs: 2_000 }

/** So much is sent at once, and without waiting. Each is copied on its way to the disk: small copies are soon taken back. */
const largestChangeBytes = 256 * 1024
const sendAtOnceBytes = 256 * 1024
/** Most logs never have more to send. */
const smallChangeBytes = 16 * 1024

export const openLogWriter = ({
  limits: { headBytes, tailBytes },
  send,
  onFault = () => undefined,
  rhythm = usualRhythm,
}: LogWriterSettings): LogWriter => {
  // Three parts of half a tail: at least a whole tail is kept, however full the newest is.
  const partBytes = Math.max(1, Math.ceil(tailBytes / 2))
  const head = holdPrintedBytes(0)
  const tail = holdPrintedBytes(headBytes)
  let printedBytes = 0
  let sending: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  /** Bytes went that had not been sent: more is printed than can be kept. */
  let isOutrun = false
  /** Parts behind the head that may be on disk. */
  const sentParts = new Set<number>()

  const startOfPart = (offset: number): number => headBytes + Math.floor((offset - headBytes) / partBytes) * partBytes
  const keptFrom = (): number =>
    printedBytes <= headBytes ? headBytes : Math.max(headBytes, startOfPart(printedBytes - 1) - 2 * partBytes)

  /** Of one change at a time: whoever sends it is done with it when the next is made. */
  const copies: { head?: Buffer; tail?: Buffer } = {}

  const changeOf = (mostBytes: number, reused: typeof copies): LogChange => {
    const ofHead = head.peek(mostBytes, reused.head)
    const ofTail = tail.peek(mostBytes - ofHead.length, reused.tail)
    const writes = ofHead.length > 0 ? [{ part: 0, position: head.from(), bytes: ofHead }] : []
    for (let from = 0; from < ofTail.length;) {
      const offset = tail.from() + from
      const part = startOfPart(offset)
      const piece = ofTail.subarray(from, from + part + partBytes - offset)
      writes.push({ part, position: offset - part, bytes: piece })
      from += piece.length
    }
    return { writes, drops: [...sentParts].filter((part) => part < keptFrom()) }
  }
  const wasTaken = ({ writes, drops }: LogChange): void => {
    for (const { part, position, bytes } of writes) {
      if (part === 0) head.dropBefore(position + bytes.length)
      else tail.dropBefore(part + position + bytes.length)
    }
    for (const part of drops) sentParts.delete(part)
  }

  const sendNow = async (): Promise<void> => {
    isOutrun = false
    if (head.size() + tail.size() > smallChangeBytes) {
      copies.head ??= Buffer.allocUnsafeSlow(largestChangeBytes)
      copies.tail ??= Buffer.allocUnsafeSlow(largestChangeBytes)
    }
    const change = changeOf(largestChangeBytes, copies)
    for (const { part } of change.writes) if (part !== 0) sentParts.add(part)
    try {
      await send(change)
      wasTaken(change)
      return
    } catch (fault) {
      onFault(fault)
      later(rhythm.againAfterMs)
    } finally {
      sending = undefined
      if (timer === undefined) consider()
    }
  }
  const later = (ms: number): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      start()
    }, ms)
  }
  const start = (): void => {
    if (!isClosed && !sending && head.size() + tail.size() > 0) sending = sendNow()
  }
  const consider = (): void => {
    const waiting = head.size() + tail.size()
    if (isClosed || sending || waiting === 0) return
    // What will soon be cut again is not worth haste; each copy on its way to the disk costs memory.
    const isInHaste = waiting >= sendAtOnceBytes && (head.size() > 0 || !isOutrun)
    if (isInHaste && timer === undefined) start()
    else later(rhythm.sendAfterMs)
  }

  return {
    write: (bytes) => {
      const ofHead = Math.max(0, Math.min(bytes.length, headBytes - printedBytes))
      if (ofHead > 0) head.push(bytes.subarray(0, ofHead))
      if (ofHead < bytes.length) tail.push(bytes.subarray(ofHead))
      printedBytes += bytes.length
      if (tail.size() > 0 && tail.from() < keptFrom()) isOutrun = true
      tail.dropBefore(keptFrom())
      consider()
      return Promise.resolve()
    },
    close: async (late) => {
      isClosed = true
      clearTimeout(timer)
      if (sending) await (late ? Promise.race([sending, aborted(late)]) : sending)
      const change = changeOf(Infinity, {})
      const parts: number[] = []
      for (let part = keptFrom(); part < printedBytes; part += partBytes) parts.push(part)
      const cut = cutOf(headBytes, Math.max(0, keptFrom() - headBytes))
      return { change, headBytes: Math.min(printedBytes, headBytes), parts, printedBytes, cut }
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const cutOf = (atByte: number, cutBytes: number): LogCut | null =>
  cutBytes === 0 ? null : { atByte, cutBytes, markBytes: Buffer.byteLength(cutMark(cutBytes)) }
