import { createRoute } from '@hono/zod-openapi'
import { cancellationSchema, cancellationsRequestSchema, cancellationsSchema } from '#contracts/decisions.ts'
import { cancelReductions, type CancelSelection } from '#database/queries/reductions-cancel.ts'
import { parseInstrumentName } from '#domain/instrument-names.ts'
import type { z } from 'zod'
import type { ApiParts } from '../api-parts.ts'
import { unknownInstrument } from '../known-instrument.ts'
import type { Api } from '../make-app.ts'
import { bodyOf, idInPath, instrumentFault } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'
import { unknownReduction } from './reductions.ts'

const json = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})

const cancelRoute = createRoute({
  method: 'post',
  path: '/v1/reductions/{id}/cancel',
  summary: 'Cancels a reduction',
  description:
    'One that stands in line ends at once. Of one that runs, the script and all it has started are ended within seconds; what it had written is kept. Repeating it does no harm.',
  request: { params: idInPath('reduction') },
  responses: {
    200: json('It is cancelled, or about to be.', cancellationSchema),
    400: refusals[400],
    404: refusals[404],
    409: refusals[409],
  },
})

const cancelManyRoute = createRoute({
  method: 'post',
  path: '/v1/cancellations',
  summary: 'Cancels many reductions at once',
  description:
    'By number, or all that stand in line of a submission, an instrument or an experiment: `{"instrument": "ENGINX", "class": ["rerun", "bulk"]}` takes back every re-run that has not started, and leaves new data alone. With `"state": ["Queued", "Processing"]` those that run are ended too. `preview` says what would be.',
  request: {
    body: { required: true, content: { 'application/json': { schema: bodyOf(cancellationsRequestSchema.shape) } } },
  },
  responses: { 200: json('What became of them.', cancellationsSchema), 400: refusals[400], 404: refusals[404] },
})

const tooWide =
  'This would cancel everything in line. Say which: “reductionIds”, “submission”, “instrument” or “rbNumber”.'
const numbersAlone = '“reductionIds” says which reductions by itself; leave out the other fields but “preview”.'

type Request = z.infer<typeof cancellationsRequestSchema>

const selectionOf = (
  request: Request,
  instrument: string | undefined,
): CancelSelection | { readonly fault: string } => {
  const { reductionIds, submission, rbNumber, class: classes, state } = request
  const isFiltered = submission !== undefined || instrument !== undefined || rbNumber !== undefined
  if (reductionIds) return isFiltered || classes || state ? { fault: numbersAlone } : { reductionIds }
  if (!isFiltered) return { fault: tooWide }
  return { states: state ?? ['Queued'], instrument, submission, rbNumber, classes }
}

export const addCancellationRoutes = (app: Api, { database, viewerOf }: ApiParts): void => {
  app.openapi(cancelRoute, async (context) => {
    const { id } = context.req.valid('param')
    const viewer = viewerOf(context)
    const done = await database.transaction((sql) => cancelReductions(sql, viewer, { reductionIds: [id] }))
    if (done.cancelled.includes(id)) return context.json({ id, outcome: 'cancelled' as const }, 200)
    if (done.cancelling.includes(id)) return context.json({ id, outcome: 'cancelling' as const }, 200)
    const refused = done.refused.find((one) => one.id === id)
    return refused ? refuse(context, 409, refused.reason) : refuse(context, 404, unknownReduction(id))
  })

  app.openapi(cancelManyRoute, async (context) => {
    const viewer = viewerOf(context)
    const request = context.req.valid('json')
    const instrument = request.instrument === undefined ? undefined : parseInstrumentName(request.instrument)
    if (request.instrument !== undefined) {
      if (instrument === undefined) return refuse(context, 400, instrumentFault(request.instrument))
      const unknown = await unknownInstrument(database, viewer, instrument)
      if (unknown !== undefined) return refuse(context, 404, unknown)
    }
    const selection = selectionOf(request, instrument)
    if ('fault' in selection) return refuse(context, 400, selection.fault)
    const done = await database.transaction((sql) => cancelReductions(sql, viewer, selection, request.preview))
    return context.json(
      { cancelled: done.cancelled.length, cancelling: done.cancelling.length, refused: [...done.refused] },
      200,
    )
  })
}
