import { createRoute } from '@hono/zod-openapi'
import { classSchema } from '#contracts/decisions.ts'
import { changeClass } from '#database/queries/reduction-class.ts'
import type { ApiParts } from '../api-parts.ts'
import type { Api } from '../make-app.ts'
import { bodyOf, idInPath } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'
import { unknownReduction } from './reductions.ts'

const route = createRoute({
  method: 'put',
  path: '/v1/reductions/{id}/class',
  summary: 'Moves a queued reduction into another line',
  description:
    '`fresh` goes before `rerun`, `rerun` before `bulk`. How long it has waited stays as it is. Only while it is Queued.',
  request: {
    params: idInPath('reduction'),
    body: { required: true, content: { 'application/json': { schema: bodyOf(classSchema.shape) } } },
  },
  responses: {
    200: { description: 'The class it has now.', content: { 'application/json': { schema: classSchema } } },
    400: refusals[400],
    403: refusals[403],
    404: refusals[404],
    409: refusals[409],
  },
})

export const addReductionClassRoute = (app: Api, { database, viewerOf, ringForWork }: ApiParts): void => {
  app.openapi(route, async (context) => {
    const viewer = viewerOf(context)
    const { id } = context.req.valid('param')
    const { class: to } = context.req.valid('json')
    if (viewer.role === 'user') {
      return refuse(context, 403, 'The order of the line is for instrument scientists and administrators to change.')
    }
    const change = await database.transaction((sql) => changeClass(sql, viewer, id, to))
    switch (change.kind) {
      case 'unknown':
        return refuse(context, 404, unknownReduction(id))
      case 'too-late': {
        const detail = change.state === 'Processing' ? 'It runs already' : `It has ended already (${change.state})`
        return refuse(context, 409, `${detail}: only what stands in line can be moved to another line.`)
      }
      case 'changed':
        // A bulk one may have been waiting for the bulk's share of the slots.
        ringForWork()
        return context.json({ class: change.class }, 200)
      case 'same':
        return context.json({ class: change.class }, 200)
    }
  })
}
