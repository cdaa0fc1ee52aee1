import { createRoute } from '@hono/zod-openapi'
import { runsSchema } from '#contracts/api.ts'
import { listRuns } from '#database/queries/runs-list.ts'
import { reductionStates } from '#domain/reduction-states.ts'
import type { ApiParts } from '../api-parts.ts'
import { unknownInstrument } from '../known-instrument.ts'
import { encodeCursor, strangeCursor } from '../list-cursor.ts'
import type { Api } from '../make-app.ts'
import {
  cursorParameter,
  instrumentParameter,
  limitParameter,
  rbParameter,
  runParameter,
  standardLimit,
  titleParameter,
} from '../filter-parameters.ts'
import { queryOf, wordsParameter } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

const waitingHint = 'Runs that wait for their file have no reduction yet: GET detections?state=waiting lists them.'

const runsRoute = createRoute({
  method: 'get',
  path: '/v1/runs',
  summary: 'Runs, newest first, each with its newest reduction',
  description:
    'All filters may be combined. `next` is the cursor of the following page, null at the end. A page may have fewer items than asked and still a `next`: a search in titles stops after many runs and goes on from there.',
  request: {
    query: queryOf({
      instrument: instrumentParameter,
      run: runParameter,
      rb: rbParameter,
      state: wordsParameter('state', reductionStates, 'Only runs whose newest reduction is in this state.', {
        waiting: waitingHint,
        due: waitingHint,
        failed: 'There is no state “failed” here. Failed reductions are in the state Error.',
        running: 'There is no state “running” here. Running reductions are in the state Processing.',
      }),
      title: titleParameter,
      limit: limitParameter,
      cursor: cursorParameter,
    }),
  },
  responses: {
    200: { description: 'A page of runs.', content: { 'application/json': { schema: runsSchema } } },
    400: refusals[400],
    404: refusals[404],
  },
})

export const addRunRoutes = (app: Api, { database, viewerOf }: ApiParts): void => {
  app.openapi(runsRoute, async (context) => {
    const viewer = viewerOf(context)
    const { instrument, run, rb, state, title, limit = standardLimit, cursor } = context.req.valid('query')
    if (instrument !== undefined) {
      const unknown = await unknownInstrument(database, viewer, instrument)
      if (unknown !== undefined) return refuse(context, 404, unknown)
    }
    const filters = {
      ...(instrument !== undefined && { instrument }),
      ...(run && { runRanges: run }),
      ...(rb !== undefined && { rbNumber: rb }),
      ...(state && { states: state }),
      ...(title !== undefined && { titleContains: title }),
    }
    const page = await listRuns(database, viewer, filters, { limit, after: cursor })
    if (!page) return refuse(context, 400, strangeCursor)
    return context.json({ items: [...page.items], next: page.next ? encodeCursor(page.next) : null }, 200)
  })
}
