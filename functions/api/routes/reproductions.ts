import { createRoute } from '@hono/zod-openapi'
import { reproduceRequestSchema, reproductionSchema } from '#contracts/reproduction.ts'
import { submissionAnswerSchema, type SubmitRequest } from '#contracts/submission.ts'
import { softwareLabel } from '#contracts/environments.ts'
import type { ApiParts } from '../api-parts.ts'
import { handToSubmit } from '../hand-to-submit.ts'
import type { Api } from '../make-app.ts'
import { bodyOf, idInPath, keyHeader, queryOf } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'
import { planReproduction, type ReproductionPlan } from '../reproduction.ts'
import { unknownReduction } from './reductions.ts'

const lookRoute = createRoute({
  method: 'get',
  path: '/v1/reductions/{id}/reproduction',
  summary: 'What repeating a reduction exactly would hold fixed, and what it could not',
  description: 'Only looks. `refusal` says why it cannot be repeated, e.g. because a raw file has changed since.',
  request: { params: idInPath('reduction'), query: queryOf({}) },
  responses: {
    200: { description: 'The look.', content: { 'application/json': { schema: reproductionSchema } } },
    400: refusals[400],
    404: refusals[404],
  },
})

const reproduceRoute = createRoute({
  method: 'post',
  path: '/v1/reductions/{id}/reproduce',
  summary: 'Repeats a reduction exactly',
  description:
    'The script it ran with the neighbours that imported, its variables as the script really got them, its software and its raw files, as a new version whose provenance names what it repeats and how that compared. Refused where a raw file is not what it was. Where the software is not there any more, name one that is in `software`.',
  request: {
    params: idInPath('reduction'),
    headers: keyHeader,
    body: { required: false, content: { 'application/json': { schema: bodyOf(reproduceRequestSchema.shape) } } },
  },
  responses: {
    200: {
      description: 'What became of it.',
      content: { 'application/json': { schema: submissionAnswerSchema } },
    },
    400: refusals[400],
    404: refusals[404],
    409: refusals[409],
    503: refusals[503],
  },
})

const softwareGone = ({ told }: ReproductionPlan): string => {
  const then = told.notHeld.find(({ what }) => what === 'software')?.then ?? 'Its software'
  const choices = told.softwareChoices.map(softwareLabel).join(', ')
  return choices === ''
    ? `${then} is not there, and no processor offers anything else just now. Try again when one does.`
    : `${then} is not there any more, so this cannot be repeated exactly. Name one of these as “software” to repeat all the rest: ${choices}.`
}

export const addReproductionRoutes = (app: Api, parts: ApiParts): void => {
  const { viewerOf } = parts

  app.openapi(lookRoute, async (context) => {
    const { id } = context.req.valid('param')
    const plan = await planReproduction(parts, viewerOf(context), id)
    return plan ? context.json(plan.told, 200) : refuse(context, 404, unknownReduction(id))
  })

  app.openapi(reproduceRoute, async (context) => {
    const { id } = context.req.valid('param')
    const viewer = viewerOf(context)
    const { software: chosen, description } = context.req.valid('json') ?? {}
    const plan = await planReproduction(parts, viewer, id, chosen)
    if (!plan) return refuse(context, 404, unknownReduction(id))
    const { told, reduction } = plan
    if (told.refusal !== null) return refuse(context, 409, told.refusal)
    if (told.software === null) return refuse(context, 409, softwareGone(plan))
    const request: SubmitRequest = {
      origin: 'request',
      requestedBy: viewer.name,
      instrument: reduction.instrument,
      runs: [...plan.runNumbers],
      ...(reduction.isBatch && { batch: true }),
      script: { from: 'reduction', reductionId: id },
      variables: groupedVariables(plan),
      software: told.software,
      description: description ?? `Repeats version ${reduction.version} exactly.`,
      reproduces: plan.reproduces,
    }
    const handed = await handToSubmit(parts, request, context.req.valid('header')['idempotency-key'])
    return handed.kind === 'answered' ? context.json(handed.answer, 200) : refuse(context, handed.status, handed.detail)
  })
}

/** As a request gives them: what names no group is looked for in both, as it was then. */
const groupedVariables = ({
  given,
}: ReproductionPlan): NonNullable<Extract<SubmitRequest, { origin: 'request' }>['variables']> => {
  const values = (group: 'standard' | 'advanced' | undefined) =>
    Object.fromEntries(
      given
        .filter((one) => one.group === group)
        .map(({ name, typed, plain }): [string, unknown] => [name, typed ? { typed } : plain]),
    )
  return { ...values(undefined), standard_vars: values('standard'), advanced_vars: values('advanced') }
}
