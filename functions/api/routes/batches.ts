import { createRoute } from '@hono/zod-openapi'
import { batchesSchema } from '#contracts/api.ts'
import { listBatches } from '#database/queries/batches-list.ts'
import type { ApiParts } from '../api-parts.ts'
import {
  cursorParameter,
  instrumentParameter,
  limitParameter,
  rbParameter,
  standardLimit,
} from '../filter-parameters.ts'
import { unknownInstrument } from '../known-instrument.ts'
import { encodeCursor, strangeCursor } from '../list-cursor.ts'
import type { Api } from '../make-app.ts'
import { queryOf } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

const route = createRoute({
  method: 'get',
  path: '/v1/batches',
  summary: 'Batches: several runs reduced together, newest first',
  description: 'To make one: POST submissions with `"batch": true`.',
  request: {
    query: queryOf({
      instrument: instrumentParameter,
      rb: rbParameter,
      limit: limitParameter,
      cursor: cursorParameter,
    }),
  },
  responses: {
    200: { description: 'A page of batches.', content: { 'application/json': { schema: batchesSchema } } },
    400: refusals[400],
    404: refusals[404],
  },
})

export const addBatchRoutes = (app: Api, { database, viewerOf }: ApiParts): void => {
  app.openapi(route, async (context) => {
    const viewer = viewerOf(context)
    const { instrument, rb, limit = standardLimit, cursor } = context.req.valid('query')
    if (instrument !== undefined) {
      const unknown = await unknownInstrument(database, viewer, instrument)
      if (unknown !== undefined) return refuse(context, 404, unknown)
    }
    const page = await listBatches(database, viewer, { instrument, rbNumber: rb }, { limit, after: cursor })
    if (!page) return refuse(context, 400, strangeCursor)
    return context.json({ items: [...page.items], next: page.next ? encodeCursor(page.next) : null }, 200)
  })
}
