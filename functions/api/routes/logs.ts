import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { logEventSchema } from '#contracts/log-events.ts'
import { everyone, type Viewer } from '#contracts/viewer.ts'
import { findReductionPlace } from '#database/queries/reduction-files.ts'
import type { ApiParts } from '../api-parts.ts'
import { logStandingOf, readLog, type LogStanding } from '../logs/log-standing.ts'
import { openLogStream, parseEventId } from '../logs/log-stream.ts'
import { atCharacters } from '../logs/log-text.ts'
import { bytesOf, type Api } from '../make-app.ts'
import { idInPath, queryOf, wholeNumberParameter } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'
import { unknownReduction } from './reductions.ts'

const largestPiece = 4 * 1024 * 1024
const farthest = 2 ** 49

const whole = (description: string) => ({ schema: { type: 'integer' as const }, description })

const logRoute = createRoute({
  method: 'get',
  path: '/v1/reductions/{id}/log',
  summary: "What a reduction's script prints, also while it runs",
  description:
    'Offsets count the bytes printed. Follow a log by asking again from `X-Log-Next` until `X-Log-Complete` is `true`. Where the middle of a very long log was cut, `X-Log-Offset` is larger than the offset asked for.',
  request: {
    params: idInPath('reduction'),
    query: queryOf({
      offset: wholeNumberParameter(
        'offset',
        -farthest,
        farthest,
        'From which byte on; negative: so many before the end.',
        0,
      ),
      limit: wholeNumberParameter('limit', 1, largestPiece, 'How many bytes at most.', largestPiece),
    }),
  },
  responses: {
    200: {
      description: 'A piece of the log; empty before the script has printed anything.',
      headers: {
        'X-Log-Size': whole('Bytes printed so far.'),
        'X-Log-Offset': whole('Offset of the first byte of this piece.'),
        'X-Log-Next': whole('The offset to ask for next.'),
        'X-Log-Attempt': whole('Where another processor has begun anew, this is larger, and the log another one.'),
        'X-Log-Complete': { schema: { type: 'boolean' as const }, description: 'No more will be printed.' },
      },
      ...bytesOf('text/plain; charset=utf-8', { type: 'string' }),
    },
    400: refusals[400],
    404: refusals[404],
    503: refusals[503],
  },
})

const streamRoute = createRoute({
  method: 'get',
  path: '/v1/reductions/{id}/log/stream',
  summary: "What a reduction's script prints, as it prints it, as server-sent events",
  description:
    'Events: `log` with text, `cut` where the middle of a very long log was not kept, `restart` where another processor has begun anew, `trouble` while the disk does not answer, and `end` with the state of the reduction, after which the stream ends. Each has an id; whoever connects again with `Last-Event-ID` goes on there, and gets 204 where nothing will come any more. A comment comes every 15 s.',
  request: {
    params: idInPath('reduction'),
    query: queryOf({
      from: wholeNumberParameter(
        'from',
        -farthest,
        farthest,
        'From which printed byte on; negative: so many before the end.',
        0,
      ),
    }),
  },
  responses: {
    200: { description: 'The stream.', ...bytesOf('text/event-stream', logEventSchema) },
    204: { description: 'All of it was sent before.' },
    400: refusals[400],
    404: refusals[404],
    503: refusals[503],
  },
})

type Piece = {
  readonly attempt: number
  readonly bytes: Uint8Array
  readonly offset: number
  readonly sizeBytes: number
}

const answerPiece = (context: Context, piece: Piece, isComplete: boolean) => {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'x-log-size': String(piece.sizeBytes),
    'x-log-offset': String(piece.offset),
    'x-log-next': String(piece.offset + piece.bytes.length),
    'x-log-attempt': String(piece.attempt),
    'x-log-complete': String(isComplete),
  }
  return context.body(new Uint8Array(piece.bytes), 200, headers)
}

export const addLogRoutes = (app: Api, { database, viewerOf, readers, resultsRoot, logs, log }: ApiParts): void => {
  const standingOf = async (viewer: Viewer, id: number): Promise<LogStanding | undefined> => {
    const place = await findReductionPlace(database, viewer, id)
    return place && logStandingOf(resultsRoot, place)
  }

  app.openapi(logRoute, async (context) => {
    const { id } = context.req.valid('param')
    const { offset = 0, limit = largestPiece } = context.req.valid('query')
    const standing = await standingOf(viewerOf(context), id)
    if (!standing) return refuse(context, 404, unknownReduction(id))
    const { attempt } = standing
    // The state was read first: what is found afterwards is at least as new, so a complete log really is.
    const isComplete = standing.end !== undefined
    const found = await readLog(readers, standing, offset, context.req.method === 'HEAD' ? 0 : limit)
    switch (found.kind) {
      case 'out-of-reach':
        return refuse(context, 503, found.detail)
      case 'absent': {
        // Not begun yet, or moving just now: whoever asks again from there misses nothing and gets nothing twice.
        const start = Math.max(0, offset)
        return answerPiece(context, { attempt, bytes: new Uint8Array(), offset: start, sizeBytes: start }, isComplete)
      }
      case 'read': {
        const isEnd = found.offset + found.bytes.length >= found.sizeBytes
        const piece = atCharacters(found.bytes, { start: offset < 0, end: !isEnd || !isComplete })
        const { sizeBytes } = found
        return answerPiece(
          context,
          { attempt, bytes: piece.bytes, offset: found.offset + piece.skipped, sizeBytes },
          isComplete,
        )
      }
    }
  })

  app.openapi(streamRoute, async (context) => {
    const { id } = context.req.valid('param')
    const { from = 0 } = context.req.valid('query')
    const header = context.req.header('last-event-id')?.trim() ?? ''
    const lastSeen = header === '' ? undefined : parseEventId(header)
    if (header !== '' && !lastSeen) {
      return refuse(context, 400, `Last-Event-ID must be the id of an event; “${header}” is none.`)
    }
    const standing = await standingOf(viewerOf(context), id)
    if (!standing) return refuse(context, 404, unknownReduction(id))
    if (lastSeen && standing.end && standing.attempt === lastSeen.attempt) {
      // A browser connects again after every end, until it is told that there is no more.
      const rest = await readLog(readers, standing, lastSeen.offset, 1)
      if (rest.kind === 'absent' || (rest.kind === 'read' && rest.bytes.length === 0)) return context.body(null, 204)
    }
    const headers = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies of the nginx kind hold back what they may.
      'x-accel-buffering': 'no',
    }
    if (context.req.method === 'HEAD') return context.body(null, 200, headers)
    const joined = logs.join(id, {
      // Who may follow was asked above; the watch is shared by all who may.
      standing: () => standingOf(everyone, id),
      read: (current, offset, length) => readLog(readers, current, offset, length),
    })
    if (!joined) return refuse(context, 503, 'No more logs can be followed at the moment. Try again in a minute.')
    const beginning = lastSeen ? { kind: 'behind' as const, ...lastSeen } : { kind: 'at' as const, from }
    return context.body(openLogStream(joined, beginning, logs.closed, log), 200, headers)
  })
}
