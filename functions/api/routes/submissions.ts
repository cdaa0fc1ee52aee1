import { createRoute, z } from '@hono/zod-openapi'
import { problemSchema } from '#contracts/api.ts'
import { submissionAnswerSchema, submissionSchema, type SubmitRequest } from '#contracts/submission.ts'
import { parseInstrumentName } from '#domain/instrument-names.ts'
import { parseRunRanges, type RunList } from '#domain/run-ranges.ts'
import { FunctionUnreachable, type FunctionAnswer } from '#function-server/call-function.ts'
import { faultFields } from '#function-server/log.ts'
import type { ApiParts } from '../api-parts.ts'
import { unknownInstrument } from '../known-instrument.ts'
import type { Api } from '../make-app.ts'
import { bodyOf } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

/** Looking for a thousand new files takes its time; a re-run does not look. */
const submitMs = 100_000

const submissionRoute = createRoute({
  method: 'post',
  path: '/v1/submissions',
  summary: 'Submits runs of an instrument for reduction',
  description:
    'Answers 200 with one outcome for each run, also where some are refused. `variables` are `{name: value}`, or in the groups `standard_vars` and `advanced_vars`. With an `Idempotency-Key` the same request can be sent again without harm.',
  request: {
    headers: z.object({
      'idempotency-key': z
        .string()
        .regex(/^[\x21-\x7e]{1,128}$/, 'an Idempotency-Key is 1 to 128 visible ASCII characters')
        .optional()
        .openapi({
          description: 'Makes a repeat of the very same request harmless; 1 to 128 visible ASCII characters.',
        }),
    }),
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

const outOfReach =
  'The part of the service that takes submissions is out of reach. Try again in a minute; with an Idempotency-Key nothing can be submitted twice.'

const refusalIn = (answer: FunctionAnswer): string | undefined => {
  try {
    const problem = problemSchema.safeParse(JSON.parse(answer.body))
    return problem.success ? problem.data.detail : undefined
  } catch {
    return undefined
  }
}

export const addSubmissionRoutes = (app: Api, { database, viewerOf, callFunction, log }: ApiParts): void => {
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
    let answer: FunctionAnswer
    try {
      const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key }
      answer = await callFunction('submit', request, { timeoutMs: submitMs, headers })
    } catch (fault) {
      if (!(fault instanceof FunctionUnreachable)) throw fault
      log.warn(faultFields(fault), 'a submission could not be handed on')
      return refuse(context, 503, outOfReach)
    }
    if (answer.status === 200) {
      return context.json(submissionAnswerSchema.parse(JSON.parse(answer.body)), 200)
    }
    const detail = refusalIn(answer)
    if (detail !== undefined && (answer.status === 400 || answer.status === 404 || answer.status === 409)) {
      return refuse(context, answer.status, detail)
    }
    log.warn({ http: { response: { status_code: answer.status } } }, 'submit answered with an error')
    return refuse(context, 503, outOfReach)
  })
}
