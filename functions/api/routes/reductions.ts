import { createRoute } from '@hono/zod-openapi'
import { filesSchema, reductionSchema, scriptSchema } from '#contracts/api.ts'
import { findReductionPlace, listResultFiles } from '#database/queries/reduction-files.ts'
import { findReduction } from '#database/queries/reduction-detail.ts'
import { findScript } from '#database/queries/scripts.ts'
import type { ApiParts } from '../api-parts.ts'
import { matchesTag } from '../file-headers.ts'
import type { Api } from '../make-app.ts'
import { idInPath, queryOf } from '../parameters.ts'
import { presentReduction } from '../present-reduction.ts'
import { refusals, refuse } from '../refuse.ts'
import { readableText } from '../readable-text.ts'

const json = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})
const request = { params: idInPath('reduction'), query: queryOf({}) }

const reductionRoute = createRoute({
  method: 'get',
  path: '/v1/reductions/{id}',
  summary: 'A reduction with its runs, variables, versions and neighbours',
  request,
  responses: { 200: json('The reduction.', reductionSchema), 400: refusals[400], 404: refusals[404] },
})

const filesRoute = createRoute({
  method: 'get',
  path: '/v1/reductions/{id}/files',
  summary: 'The files that a reduction has written',
  description: 'Empty until all are in place. `plot` says which are plots and how they are shown.',
  request,
  responses: { 200: json('By path.', filesSchema), 400: refusals[400], 404: refusals[404] },
})

const scriptRoute = createRoute({
  method: 'get',
  path: '/v1/reductions/{id}/script',
  summary: 'The script that a reduction ran or will run, with the modules it imports',
  request,
  responses: {
    200: json('Its files, reduce.py first.', scriptSchema),
    304: { description: 'As the caller knows it (If-None-Match).' },
    400: refusals[400],
    404: refusals[404],
  },
})

export const unknownReduction = (id: number): string =>
  `There is no reduction ${id}. The number of a run's newest reduction is in “latest.id” of GET runs.`

export const addReductionRoutes = (app: Api, parts: ApiParts): void => {
  const { database, viewerOf } = parts

  app.openapi(reductionRoute, async (context) => {
    const { id } = context.req.valid('param')
    const reduction = await presentReduction(database, viewerOf(context), id, parts)
    return reduction ? context.json(reduction, 200) : refuse(context, 404, unknownReduction(id))
  })

  app.openapi(filesRoute, async (context) => {
    const { id } = context.req.valid('param')
    const place = await findReductionPlace(database, viewerOf(context), id)
    if (!place) return refuse(context, 404, unknownReduction(id))
    return context.json({ items: [...(await listResultFiles(database, place))] }, 200)
  })

  app.openapi(scriptRoute, async (context) => {
    const { id } = context.req.valid('param')
    const reduction = await findReduction(database, viewerOf(context), id)
    if (!reduction) return refuse(context, 404, unknownReduction(id))
    const sha256 = reduction.scriptSha256
    const files = sha256 === null ? undefined : await findScript(database, sha256)
    if (sha256 === null || !files)
      return refuse(context, 404, `Reduction ${id} has no script: ${reduction.reason ?? 'none was stored'}`)
    context.header('etag', `"${sha256}"`)
    context.header('cache-control', 'private, no-cache')
    if (matchesTag(context.req.header('if-none-match'), `"${sha256}"`)) return context.body(null, 304)
    return context.json({ sha256, files: files.map(({ name, base64 }) => ({ name, text: readableText(base64) })) }, 200)
  })
}
