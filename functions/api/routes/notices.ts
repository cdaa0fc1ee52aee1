import { createRoute } from '@hono/zod-openapi'
import { noticeResolutionSchema, noticeSchema, noticesSchema } from '#contracts/notices.ts'
import { listNotices } from '#database/queries/notices-list.ts'
import type { ApiParts } from '../api-parts.ts'
import { decideNotice } from '../decide-notice.ts'
import type { Api } from '../make-app.ts'
import { limitParameter, standardLimit } from '../filter-parameters.ts'
import { bodyOf, booleanParameter, idInPath, queryOf } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

const json = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})

const listRoute = createRoute({
  method: 'get',
  path: '/v1/notices',
  summary: 'What the service wants people to know or to decide',
  description:
    'Newest first. Those with `choices` wait for a decision; the others end by themselves when their cause does.',
  request: {
    query: queryOf({
      open: booleanParameter('open', '`true`: only those that stand open; `false`: only those that are settled.'),
      limit: limitParameter,
    }),
  },
  responses: { 200: json('Notices.', noticesSchema), 400: refusals[400] },
})

const resolveRoute = createRoute({
  method: 'post',
  path: '/v1/notices/{id}/resolve',
  summary: 'Decides about a notice',
  description:
    '`submit`: the runs it names are detected and the cursor moves; `set-cursor`: the cursor moves to what lastrun.txt said; `dismiss`: nothing else happens.',
  request: {
    params: idInPath('notice'),
    body: { required: true, content: { 'application/json': { schema: bodyOf(noticeResolutionSchema.shape) } } },
  },
  responses: {
    200: json('The notice, settled.', noticeSchema),
    400: refusals[400],
    404: refusals[404],
    409: refusals[409],
  },
})

export const addNoticeRoutes = (app: Api, { database, viewerOf }: ApiParts): void => {
  app.openapi(listRoute, async (context) => {
    const { open, limit = standardLimit } = context.req.valid('query')
    const filter = open === undefined ? 'all' : open ? 'open' : 'resolved'
    return context.json({ items: [...(await listNotices(database, viewerOf(context), filter, limit))] }, 200)
  })

  app.openapi(resolveRoute, async (context) => {
    const { id } = context.req.valid('param')
    const { choice } = context.req.valid('json')
    const decided = await decideNotice(database, viewerOf(context), id, choice)
    switch (decided.kind) {
      case 'resolved':
        return context.json(decided.notice, 200)
      case 'unknown':
        return refuse(context, 404, `There is no notice ${id}. GET notices lists them.`)
      case 'refused':
        return refuse(context, 409, decided.detail)
    }
  })
}
