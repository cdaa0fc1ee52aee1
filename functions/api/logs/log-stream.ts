import { setTimeout as wait } from 'node:timers/promises'
import type { z } from 'zod'
import type {
  logCutSchema,
  logEndSchema,
  logRestartSchema,
  logTextSchema,
  logTroubleSchema,
} from '#contracts/log-events.ts'
import { readableLog } from '#domain/readable-log.ts'
import { faultFields, type Log } from '#function-server/log.ts'
import { atCharacters } from './log-text.ts'
import type { Heard, LogWatch } from './watch-log.ts'

const heartbeatMs = 15_000
/** How soon a browser connects again. */
const retryMs = 1_000
/** Text of one event; a reader that is far behind gets many. */
const largestEventBytes = 16 * 1024
/**
 * Between two events to one who is behind. Nobody reads half a megabyte a second, and others share this process: what many are sent at once
 * comes to lie in memory together.
 */
const paceMs = { none: 50, some: 10 }

/** Where a stream begins: at a byte (negative: so many before the end), or behind what its reader saw last. */
export type Beginning =
  | { readonly kind: 'at'; readonly from: number }
  | { readonly kind: 'behind'; readonly attempt: number; readonly offset: number }

/** The id of an event: attempt and offset behind it. */
export const parseEventId = (id: string): { readonly attempt: number; readonly offset: number } | undefined => {
  const match = /^([0-9]{1,9})\.([0-9]{1,15})$/.exec(id)
  return match ? { attempt: Number(match[1]), offset: Number(match[2]) } : undefined
}

type Data =
  | ['log', z.infer<typeof logTextSchema>]
  | ['cut', z.infer<typeof logCutSchema>]
  | ['restart', z.infer<typeof logRestartSchema>]
  | ['trouble', z.infer<typeof logTroubleSchema>]
  | ['end', z.infer<typeof logEndSchema>]

/** The frames of one follower, from its beginning to the log's end. */
async function* framesOf(
  watch: LogWatch,
  beginning: Beginning,
  signal: AbortSignal,
  beatMs: number,
): AsyncGenerator<string> {
  const opened = await watch.opened
  let attempt = beginning.kind === 'behind' ? beginning.attempt : opened.attempt
  let offset =
    beginning.kind === 'behind'
      ? beginning.offset
      : beginning.from < 0
        ? Math.max(0, opened.sizeBytes + beginning.from)
        : beginning.from
  let trouble: string | undefined
  /** Begins a character or a code of which the rest is to come. */
  let held: Uint8Array = new Uint8Array()
  let mayStartInside = beginning.kind === 'at' && beginning.from < 0
  const frame = (...[event, data]: Data): string =>
    `id: ${attempt}.${offset}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`

  /** Moves on by what can be read of these bytes. */
  const take = (bytes: Uint8Array, isEnd: boolean): string => {
    const { text, usedBytes } = readableLog(bytes, isEnd)
    const from = offset
    offset += usedBytes
    held = bytes.slice(usedBytes)
    return text === '' ? '' : frame('log', { attempt, offset: from, next: offset, text })
  }
  const takeAll = (heard: Extract<Heard, { kind: 'bytes' }>): string => {
    let text = ''
    if (heard.offset > offset + held.length) {
      text += take(held, true)
      const cut = { attempt, offset, next: heard.offset, cutBytes: heard.offset - offset }
      offset = heard.offset
      text += frame('cut', cut)
    }
    const start = mayStartInside ? atCharacters(heard.bytes, { start: true, end: false }).skipped : 0
    mayStartInside = false
    offset += start
    const fresh = heard.bytes.subarray(start)
    const bytes = held.length === 0 ? fresh : Buffer.concat([held, fresh])
    return text + take(bytes, false)
  }

  yield `retry: ${retryMs}\n\n`
  while (!signal.aborted) {
    const heard = await watch.next({ attempt, offset: offset + held.length, trouble }, beatMs, signal)
    switch (heard.kind) {
      case 'bytes':
        for (let from = 0; from < heard.bytes.length; from += largestEventBytes) {
          const part = heard.bytes.subarray(from, from + largestEventBytes)
          const text = takeAll({ ...heard, offset: heard.offset + from, bytes: part })
          if (text !== '') yield text
          if (heard.hurry !== 'great') await wait(paceMs[heard.hurry], undefined, { signal }).catch(() => undefined)
        }
        break
      case 'restarted':
        attempt = heard.attempt
        offset = 0
        held = new Uint8Array()
        yield frame('restart', { attempt })
        break
      case 'trouble':
        trouble = heard.trouble
        yield frame('trouble', { detail: trouble ?? null })
        break
      case 'over': {
        const rest = take(held, true)
        if (rest !== '') yield rest
        yield frame('end', { state: heard.end?.state ?? null, reason: heard.end?.reason ?? null, sizeBytes: offset })
        return
      }
      case 'nothing':
        yield ': still here\n\n'
    }
  }
}

/**
 * A log as server-sent events, for one reader. Pulled by the reader's own pace: who reads slowly is behind, and costs no memory. Ends when
 * the log does, the reader goes, or the service stops.
 */
export const openLogStream = (
  { watch, leave }: { readonly watch: LogWatch; readonly leave: () => void },
  beginning: Beginning,
  closed: AbortSignal,
  log: Log,
  beatMs = heartbeatMs,
): ReadableStream<Uint8Array> => {
  const gone = new AbortController()
  const encoder = new TextEncoder()
  const frames = framesOf(watch, beginning, gone.signal, beatMs)
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const next = await frames.next()
          if (gone.signal.aborted) return
          if (!next.done && !closed.aborted) return controller.enqueue(encoder.encode(next.value))
        } catch (fault) {
          // The reader connects again by itself and says what it saw last.
          log.warn(faultFields(fault), 'a stream of a log ended')
        }
        leave()
        controller.close()
      },
      cancel: () => {
        gone.abort()
        leave()
      },
    },
    { highWaterMark: 0 },
  )
}
