import { createRoute } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { findReductionPlace, type ReductionPlace } from '#database/queries/reduction-files.ts'
import { isFinal } from '#domain/reduction-states.ts'
import type { LogPlaces } from '#results/read-result.ts'
import { scriptLogName, stagingDirectory, stagingLog } from '#results/result-paths.ts'
import type { ApiParts } from '../api-parts.ts'
import { atCharacters } from '../log-text.ts'
import { bytesOf, type Api } from '../make-app.ts'
import { idInPath, queryOf, wholeNumberParameter } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'
import { askResults } from '../results-reading.ts'
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
        'X-Log-Complete': { schema: { type: 'boolean' as const }, description: 'No more will be printed.' },
      },
      ...bytesOf('text/plain; charset=utf-8', { type: 'string' }),
    },
    400: refusals[400],
    404: refusals[404],
    503: refusals[503],
  },
})

/**
 * Where the log is looked for: as long as the script may run, beside and in its staging directory, then among the results. One that was
 * given up because its processors died has no results, and its last log stays where it was.
 */
const placesOf = (resultsRoot: string, place: ReductionPlace): LogPlaces => {
  const { rbNumber, target, instrument, id, fence } = place
  if (rbNumber === null) return { staged: undefined, filed: [] }
  const path = scriptLogName({ rbNumber, target })
  const attempt = { instrument, reductionId: id, fence }
  const published = place.resultsPath === null ? [] : [{ root: resultsRoot, directory: place.resultsPath, path }]
  const isGivenUp = place.state === 'Error' && place.resultsPath === null
  if (place.state !== 'Processing' && !isGivenUp) return { staged: undefined, filed: published }
  return {
    staged: stagingLog(resultsRoot, attempt),
    filed: [{ root: resultsRoot, directory: stagingDirectory(resultsRoot, attempt), path }, ...published],
  }
}

type Piece = { readonly bytes: Uint8Array; readonly offset: number; readonly sizeBytes: number }

const answerPiece = (context: Context, piece: Piece, isComplete: boolean) => {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'x-log-size': String(piece.sizeBytes),
    'x-log-offset': String(piece.offset),
    'x-log-next': String(piece.offset + piece.bytes.length),
    'x-log-complete': String(isComplete),
  }
  return context.body(new Uint8Array(piece.bytes), 200, headers)
}

export const addLogRoutes = (app: Api, { database, viewerOf, readers, resultsRoot }: ApiParts): void => {
  app.openapi(logRoute, async (context) => {
    const { id } = context.req.valid('param')
    const { offset = 0, limit = largestPiece } = context.req.valid('query')
    const place = await findReductionPlace(database, viewerOf(context), id)
    if (!place) return refuse(context, 404, unknownReduction(id))
    // The state was read first: what is found afterwards is at least as new, so a complete log really is.
    const isComplete = isFinal(place.state)
    const places = placesOf(resultsRoot, place)
    const length = context.req.method === 'HEAD' ? 0 : limit
    const found = await askResults(place.instrument, (where) =>
      readers.call('readLogRange', { ...places, from: offset, length }, { place: where }),
    )
    switch (found.kind) {
      case 'out-of-reach':
        return refuse(context, 503, found.detail)
      case 'absent':
        return answerPiece(context, { bytes: new Uint8Array(), offset: 0, sizeBytes: 0 }, isComplete)
      case 'read': {
        const isEnd = found.offset + found.bytes.length >= found.sizeBytes
        const piece = atCharacters(found.bytes, { start: offset < 0, end: !isEnd || !isComplete })
        return answerPiece(
          context,
          { bytes: piece.bytes, offset: found.offset + piece.skipped, sizeBytes: found.sizeBytes },
          isComplete,
        )
      }
    }
  })
}
