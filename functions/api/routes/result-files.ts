import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { ResultFile } from '#contracts/api.ts'
import { findReductionPlace, findResultFile, isPublished } from '#database/queries/reduction-files.ts'
import type { ApiParts } from '../api-parts.ts'
import { parseRange } from '../byte-range.ts'
import { entityTag, fileHeaders, matchesTag } from '../file-headers.ts'
import type { Api } from '../make-app.ts'
import { idInPath } from '../parameters.ts'
import { refusal, refusals } from '../refuse.ts'
import { resultSource, streamResult, type ResultSource } from '../stream-result.ts'
import { unknownReduction } from './reductions.ts'

const documentation = {
  method: 'get',
  path: '/v1/reductions/{id}/files/{path}',
  summary: 'A file that a reduction has written',
  description:
    'With ranges, `ETag` and `If-None-Match`. `path` is as `GET /v1/reductions/{id}/files` lists it, slashes included. SVG, HTML and what else a browser would run is only offered for saving.',
  request: {
    params: idInPath('reduction').extend({
      path: z.string().openapi({ description: 'May contain slashes.', example: 'reduction_log/Script.out' }),
    }),
  },
  responses: {
    200: { description: 'The file.', content: { 'application/octet-stream': { schema: { type: 'string' as const } } } },
    206: { description: 'The part that was asked for.' },
    304: { description: 'As the caller knows it.' },
    400: refusals[400],
    404: refusals[404],
    416: { description: 'The file has no such bytes.' },
    503: refusals[503],
  },
} as const

/** Everything behind `/files/`, part by part decoded once: an encoded slash is part of a name and not a separator. */
const pathIn = (context: Context): string | undefined => {
  const { pathname } = new URL(context.req.url)
  const rest = /\/v1\/reductions\/[^/]+\/files\/(.+)$/.exec(pathname)?.[1]
  try {
    const parts = rest?.split('/').map(decodeURIComponent)
    return parts?.some((part) => part.includes('/')) ? undefined : parts?.join('/')
  } catch {
    return undefined
  }
}

export const addResultFileRoutes = (app: Api, { database, viewerOf, readers, resultsRoot }: ApiParts): void => {
  app.openAPIRegistry.registerPath(documentation)

  app.get('/v1/reductions/:id/files/*', async (context) => {
    const id = idInPath('reduction').safeParse({ id: context.req.param('id') })
    if (!id.success) return refusal(400, id.error.issues[0]?.message ?? 'The reduction is not understood.')
    const reductionId = id.data.id
    const path = pathIn(context)
    const place = await findReductionPlace(database, viewerOf(context), reductionId)
    if (!place) return refusal(404, unknownReduction(reductionId))
    // Only what was recorded for this reduction is ever opened.
    const file = path === undefined ? undefined : await findResultFile(database, place, path)
    if (!file || !isPublished(place)) {
      const wait = isPublished(place) ? '' : ' Its results are not in place yet.'
      return refusal(
        404,
        `Reduction ${reductionId} has no file “${path ?? '?'}”.${wait} GET reductions/${reductionId}/files lists those it has.`,
      )
    }
    const inside = { root: resultsRoot, directory: place.resultsPath, path: file.path }
    return answerFile(context, resultSource(readers, place.instrument, inside), file)
  })
}

const answerFile = async (context: Context, source: ResultSource, file: ResultFile): Promise<Response> => {
  const found = await source.read(0, 0)
  switch (found.kind) {
    case 'out-of-reach':
      return refusal(503, found.detail, { 'retry-after': '30' })
    case 'absent':
      return refusal(404, `The file “${file.path}” was written, and is not on the disk any more.`)
    case 'refused':
      return refusal(404, `The file “${file.path}” cannot be given out. ${found.reason}`)
    case 'read':
      break
  }
  const tag = entityTag(found)
  const headers: Record<string, string> = {
    ...fileHeaders(file),
    etag: tag,
    'last-modified': new Date(found.modifiedAtMs).toUTCString(),
  }
  if (matchesTag(context.req.header('if-none-match'), tag)) return new Response(null, { status: 304, headers })

  const ifRange = context.req.header('if-range')
  const asked = ifRange === undefined || ifRange === tag ? context.req.header('range') : undefined
  const range = parseRange(asked, found.sizeBytes)
  if (range === 'none') {
    return refusal(416, `The file has ${found.sizeBytes} bytes.`, { 'content-range': `bytes */${found.sizeBytes}` })
  }
  const first = range?.first ?? 0
  const last = range?.last ?? found.sizeBytes - 1
  headers['content-length'] = String(last - first + 1)
  if (range) headers['content-range'] = `bytes ${first}-${last}/${found.sizeBytes}`
  const isEmpty = context.req.method === 'HEAD' || last < first
  return new Response(isEmpty ? null : streamResult(source, found, first, last), { status: range ? 206 : 200, headers })
}
