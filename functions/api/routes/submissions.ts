import { createRoute, type z } from '@hono/zod-openapi'
import { submissionAnswerSchema, submissionSchema, type SubmitRequest } from '#contracts/submission.ts'
import { parseInstrumentName } from '#domain/instrument-names.ts'
import { parseRunRanges, type RunList } from '#domain/run-ranges.ts'
import type { ApiParts } from '../api-parts.ts'
import { handToSubmit } from '../hand-to-submit.ts'
import { unknownInstrument } from '../known-instrument.ts'
import type { Api } from '../make-app.ts'
import { bodyOf, keyHeader } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

const submissionRoute = createRoute({
  method: 'post',
  path: '/v1/submissions',
  summary: 'Submits runs of an instrument for reduction',
  description:
    'Answers 200 with one outcome for each run, also where some are refused. `variables` are `{name: value}`, or in the groups `standard_vars` and `advanced_vars`. With an `Idempotency-Key` the same request can be sent again without harm.',
  request: {
    headers: keyHeader,
    body: { required: true, content: { 'application/json': { schema: bodyOf(submissionSchema.shape) } } },
  },
  responses: {
    200: {
      description: 'One outcome for each run.',
      content: { 'application/json': { schema: submissionAnswerSchema } },
    },
    400: refusals[400],
    404: refusals[404],
    409: refusals[409],
    503: refusals[503],
  },
})

/** Everything that `runs` may be, as a list; the words of a fault are the same whichever way they were given. */
const listRuns = (runs: z.infer<typeof submissionSchema>['runs']): RunList =>
  parseRunRanges(typeof runs === 'object' ? runs.join(',') : String(runs))

export const addSubmissionRoutes = (app: Api, parts: ApiParts): void => {
  const { database, viewerOf } = parts
  app.openapi(submissionRoute, async (context) => {
    const viewer = viewerOf(context)
    const submission = context.req.valid('json')
    const key = context.req.valid('header')['idempotency-key']
    const list = listRuns(submission.runs)
    if ('fault' in list) return refuse(context, 400, list.fault)
    const instrument = parseInstrumentName(submission.instrument)
    const unknown = await unknownInstrument(database, viewer, instrument ?? submission.instrument.trim())
    if (unknown !== undefined || instrument === undefined) {
      return refuse(context, 404, unknown ?? `There is no instrument ${submission.instrument}.`)
    }
    const request: SubmitRequest = {
      ...submission,
      instrument,
      runs: [...list.runs],
      origin: 'request',
      requestedBy: viewer.name,
    }
    const handed = await handToSubmit(parts, request, key)
    return handed.kind === 'answered' ? context.json(handed.answer, 200) : refuse(context, handed.status, handed.detail)
  })
}
