import type { z } from 'zod'
import type { logCutSchema, logRestartSchema, logTextSchema, logTroubleSchema } from '#contracts/log-events.ts'
import { openEventParser, type StreamEvent } from '../live/event-stream.ts'

export type LogEvent =
  | ({ readonly kind: 'log' } & z.infer<typeof logTextSchema>)
  | ({ readonly kind: 'cut' } & z.infer<typeof logCutSchema>)
  | ({ readonly kind: 'restart' } & z.infer<typeof logRestartSchema>)
  | ({ readonly kind: 'trouble' } & z.infer<typeof logTroubleSchema>)
  | { readonly kind: 'end' }

/** The server sends a comment at least every 15 s; a stream silent for longer is dead without having said so. */
const silenceMs = 50_000

const parse = ({ kind, data }: StreamEvent): LogEvent | undefined => {
  switch (kind) {
    case 'log':
    case 'cut':
    case 'restart':
    case 'trouble':
      // The API's own tests hold its answers to the contracts.
      return { ...(JSON.parse(data) as object), kind } as LogEvent
    case 'end':
      return { kind }
    default:
      return undefined
  }
}

/**
 * Reads a log's stream until it ends, is cut off, or `signal`; never throws. `lastEventId` goes on behind what was seen before.
 * @returns whether there was a stream at all
 */
export const readLogStream = async (
  url: string,
  lastEventId: string | undefined,
  signal: AbortSignal,
  take: (event: LogEvent) => void,
): Promise<boolean> => {
  const silent = new AbortController()
  const until = AbortSignal.any([signal, silent.signal])
  let silence = setTimeout(() => silent.abort(), silenceMs)
  let isStream = false
  try {
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (lastEventId !== undefined) headers['last-event-id'] = lastEventId
    const response = await fetch(url, { headers, signal: until, cache: 'no-store' })
    if (response.status === 204) {
      take({ kind: 'end' })
      return true
    }
    isStream = response.ok && (response.headers.get('content-type') ?? '').startsWith('text/event-stream')
    if (!isStream || !response.body) {
      await response.body?.cancel()
      return false
    }
    const parser = openEventParser()
    const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
      clearTimeout(silence)
      silence = setTimeout(() => silent.abort(), silenceMs)
      for (const one of parser(piece.value)) {
        const event = parse(one)
        if (event && !signal.aborted) take(event)
      }
    }
  } catch {
    // Cut off, or refused: whoever follows tries again, or asks instead.
  } finally {
    clearTimeout(silence)
  }
  return isStream
}
