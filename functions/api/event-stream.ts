import { helloEventSchema, type ChangeEvent } from '#contracts/change-events.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { faultFields, type Log } from '#function-server/log.ts'
import type { ChangeFeed } from './change-feed.ts'

/** What lies further back than this is not sent event by event: the page loads anew. */
export const longestReplay = 10_000
const heartbeatMs = 15_000
/** How soon a browser connects again. */
const retryMs = 2_000

const frame = (event: { readonly kind: string; readonly id: number; readonly data: unknown }): string =>
  `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event.data)}\n\n`

const framesOf = (events: readonly ChangeEvent[]): string =>
  events.map((event) => frame({ kind: event.kind, id: event.id, data: event })).join('')

/**
 * Where a stream begins: behind what its reader saw last, else where the feed stands. A reader may come from another process that has
 * got further; one who has seen more than there is comes from another database.
 */
export const beginningOf = (
  lastSeen: number | undefined,
  feed: { readonly position: number; readonly newest: number },
): { readonly position: number; readonly missed: boolean } => {
  if (lastSeen === undefined) return { position: feed.position, missed: false }
  const isLost = lastSeen > feed.newest || feed.position - lastSeen > longestReplay
  return isLost ? { position: feed.position, missed: true } : { position: lastSeen, missed: false }
}

/**
 * The changes as server-sent events, for one reader. Pulled by the reader's own pace: who reads slowly is behind, and costs no memory.
 * Begins with `hello`; a comment every 15 s keeps proxies from hanging up; ends when the reader goes or the service stops.
 */
export const openEventStream = async (
  feed: ChangeFeed,
  viewer: Viewer,
  lastSeen: number | undefined,
  log: Log,
  beatMs = heartbeatMs,
): Promise<ReadableStream<Uint8Array>> => {
  const { leave, ...standing } = await feed.join()
  const beginning = beginningOf(lastSeen, standing)
  const gone = new AbortController()
  const encoder = new TextEncoder()
  let position = beginning.position
  let greeted = false

  const nextText = async (): Promise<string> => {
    if (!greeted) {
      greeted = true
      const hello = helloEventSchema.parse({ newest: standing.newest, missed: beginning.missed })
      return `retry: ${retryMs}\n${frame({ kind: 'hello', id: position, data: hello })}`
    }
    // A reader may see none of many changes: only what it sees, or a heart-beat, is worth a chunk.
    const beat = AbortSignal.timeout(beatMs)
    const until = AbortSignal.any([beat, gone.signal])
    while (!until.aborted && !feed.closed.aborted) {
      const next = await feed.next(viewer, position, until)
      position = next.position
      if (next.events.length > 0) return framesOf(next.events)
    }
    return ': still here\n\n'
  }

  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const text = await nextText()
          if (gone.signal.aborted) return
          if (feed.closed.aborted) {
            controller.enqueue(encoder.encode(': the service restarts; connect again\n\n'))
            controller.close()
            leave()
            return
          }
          controller.enqueue(encoder.encode(text))
        } catch (fault) {
          // The reader connects again by itself and says what it saw last.
          log.warn(faultFields(fault), 'a stream of changes ended')
          leave()
          controller.close()
        }
      },
      cancel: () => {
        gone.abort()
        leave()
      },
    },
    { highWaterMark: 0 },
  )
}
