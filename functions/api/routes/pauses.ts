import { createRoute } from '@hono/zod-openapi'
import { pauseRequestSchema, pauseStandingSchema, resumeRequestSchema } from '#contracts/decisions.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { pauseEverything, pauseInstrument, resumeEverything, resumeInstrument } from '#database/queries/pauses.ts'
import type { ApiParts } from '../api-parts.ts'
import { unknownInstrument } from '../known-instrument.ts'
import type { Api } from '../make-app.ts'
import { bodyOf, instrumentInPath } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

const standing = {
  description: 'How things stand now.',
  content: { 'application/json': { schema: pauseStandingSchema } },
}
const pauseBody = {
  required: true,
  content: { 'application/json': { schema: bodyOf(pauseRequestSchema.shape) } },
}
const resumeBody = {
  required: true,
  content: { 'application/json': { schema: bodyOf(resumeRequestSchema.shape) } },
}

const pauseRoute = createRoute({
  method: 'post',
  path: '/v1/instruments/{name}/pause',
  summary: "Holds an instrument's reductions",
  description:
    'What runs goes on. New data is detected and stands in line; nothing of it starts until the instrument is resumed. Pausing again changes the reason.',
  request: { params: instrumentInPath, body: pauseBody },
  responses: { 200: standing, 400: refusals[400], 404: refusals[404] },
})

const resumeRoute = createRoute({
  method: 'post',
  path: '/v1/instruments/{name}/resume',
  summary: "Lets an instrument's reductions move again",
  description:
    '`held` says what becomes of those that were held: `run` them, or `skip` them. Of an instrument that is not paused nothing changes.',
  request: { params: instrumentInPath, body: resumeBody },
  responses: { 200: standing, 400: refusals[400], 404: refusals[404] },
})

const pauseAllRoute = createRoute({
  method: 'post',
  path: '/v1/pause',
  summary: 'Holds the reductions of every instrument',
  request: { body: pauseBody },
  responses: { 200: standing, 400: refusals[400], 403: refusals[403] },
})

const resumeAllRoute = createRoute({
  method: 'post',
  path: '/v1/resume',
  summary: 'Lets every instrument move again',
  description: 'Those that are paused by themselves stay so, and what they hold stays held.',
  request: { body: resumeBody },
  responses: { 200: standing, 400: refusals[400], 403: refusals[403] },
})

const administratorsOnly =
  'Only administrators pause and resume everything. An instrument can be paused by its scientists.'

export const addPauseRoutes = (app: Api, { database, viewerOf, ringForWork }: ApiParts): void => {
  const unknownTo = async (viewer: Viewer, name: string): Promise<string | undefined> => {
    const unknown = await unknownInstrument(database, viewer, name)
    if (unknown !== undefined) return unknown
    return viewer.role === 'user'
      ? `${name} is not yours to pause or resume. Ask its instrument scientists.`
      : undefined
  }

  app.openapi(pauseRoute, async (context) => {
    const viewer = viewerOf(context)
    const { name } = context.req.valid('param')
    const { reason } = context.req.valid('json')
    const unknown = await unknownTo(viewer, name)
    if (unknown !== undefined) return refuse(context, 404, unknown)
    return context.json(await database.transaction((sql) => pauseInstrument(sql, name, reason, viewer.name)), 200)
  })

  app.openapi(resumeRoute, async (context) => {
    const viewer = viewerOf(context)
    const { name } = context.req.valid('param')
    const { held } = context.req.valid('json')
    const unknown = await unknownTo(viewer, name)
    if (unknown !== undefined) return refuse(context, 404, unknown)
    const decided = await database.transaction((sql) => resumeInstrument(sql, name, held, viewer.name))
    ringForWork()
    return context.json(decided, 200)
  })

  app.openapi(pauseAllRoute, async (context) => {
    const viewer = viewerOf(context)
    const { reason } = context.req.valid('json')
    if (viewer.role !== 'administrator') return refuse(context, 403, administratorsOnly)
    return context.json(await database.transaction((sql) => pauseEverything(sql, reason, viewer.name)), 200)
  })

  app.openapi(resumeAllRoute, async (context) => {
    const viewer = viewerOf(context)
    const { held } = context.req.valid('json')
    if (viewer.role !== 'administrator') return refuse(context, 403, administratorsOnly)
    const decided = await database.transaction((sql) => resumeEverything(sql, held, viewer.name))
    ringForWork()
    return context.json(decided, 200)
  })
}
