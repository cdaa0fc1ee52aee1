import { createRoute } from '@hono/zod-openapi'
import { detectionSchema, detectionsSchema } from '#contracts/api.ts'
import { dismissDetection, retryDetection } from '#database/queries/detections-decide.ts'
import { findDetection, listDetections } from '#database/queries/detections-list.ts'
import { detectionStates } from '#domain/detection-states.ts'
import type { ApiParts } from '../api-parts.ts'
import { unknownInstrument } from '../known-instrument.ts'
import { encodeCursor, strangeCursor } from '../list-cursor.ts'
import type { Api } from '../make-app.ts'
import { cursorParameter, instrumentParameter, limitParameter, standardLimit } from '../filter-parameters.ts'
import { idInPath, queryOf, wordsParameter } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

const json = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})

const listRoute = createRoute({
  method: 'get',
  path: '/v1/detections',
  summary: 'Runs that the archive announced and what became of them',
  description: 'Newest first; of one instrument by run number.',
  request: {
    query: queryOf({
      state: wordsParameter('state', detectionStates, 'Only those in this state.'),
      instrument: instrumentParameter,
      limit: limitParameter,
      cursor: cursorParameter,
    }),
  },
  responses: { 200: json('A page of detections.', detectionsSchema), 400: refusals[400], 404: refusals[404] },
})

const responses = {
  200: json('The detection as it is now.', detectionSchema),
  400: refusals[400],
  404: refusals[404],
  409: refusals[409],
}
const request = { params: idInPath('detection') }

const dismissRoute = createRoute({
  method: 'post',
  path: '/v1/detections/{id}/dismiss',
  summary: 'Says that a run will not come: it is not waited for any more',
  request,
  responses,
})

const retryRoute = createRoute({
  method: 'post',
  path: '/v1/detections/{id}/retry',
  summary: 'Tries a run again now, and waits for it anew',
  description: 'The next pass of detection does it, within about five seconds.',
  request,
  responses,
})

export const addDetectionRoutes = (app: Api, { database, viewerOf }: ApiParts): void => {
  app.openapi(listRoute, async (context) => {
    const viewer = viewerOf(context)
    const { state, instrument, limit = standardLimit, cursor } = context.req.valid('query')
    if (instrument !== undefined) {
      const unknown = await unknownInstrument(database, viewer, instrument)
      if (unknown !== undefined) return refuse(context, 404, unknown)
    }
    const page = await listDetections(database, viewer, { instrument, states: state }, { limit, after: cursor })
    if (!page) return refuse(context, 400, strangeCursor)
    return context.json({ items: [...page.items], next: page.next ? encodeCursor(page.next) : null }, 200)
  })

  for (const [route, decide] of [
    [dismissRoute, dismissDetection],
    [retryRoute, retryDetection],
  ] as const) {
    app.openapi(route, async (context) => {
      const viewer = viewerOf(context)
      const { id } = context.req.valid('param')
      const decided = await database.transaction((sql) => decide(sql, viewer, id))
      const detection = await findDetection(database, viewer, id)
      if (!detection) return refuse(context, 404, `There is no detection ${id}. GET detections lists them.`)
      if (decided) return context.json(detection, 200)
      const { instrument, runNumber } = detection
      return refuse(
        context,
        409,
        `Run ${runNumber} of ${instrument} was submitted already: GET runs?instrument=${instrument}&run=${runNumber} shows it. To reduce it again, POST submissions.`,
      )
    })
  }
}
