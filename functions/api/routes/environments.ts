import { createRoute } from '@hono/zod-openapi'
import { softwareEnvironmentsSchema } from '#contracts/api.ts'
import { listEnvironments } from '#database/queries/environments-list.ts'
import type { ApiParts } from '../api-parts.ts'
import type { Api } from '../make-app.ts'
import { queryOf } from '../parameters.ts'
import { refusals } from '../refuse.ts'

const listRoute = createRoute({
  method: 'get',
  path: '/v1/environments',
  summary: 'The software environments that scripts can run in now, and what holds scripts back on each processor',
  request: { query: queryOf({}) },
  responses: {
    200: {
      description: 'By name and version.',
      content: { 'application/json': { schema: softwareEnvironmentsSchema } },
    },
    400: refusals[400],
  },
})

export const addEnvironmentRoutes = (app: Api, { database, viewerOf }: ApiParts): void => {
  app.openapi(listRoute, async (context) =>
    context.json({ items: [...(await listEnvironments(database, viewerOf(context)))] }, 200),
  )
}
