import { createRoute } from '@hono/zod-openapi'
import { findReductionPlace } from '#database/queries/reduction-files.ts'
import { provenanceSchema } from '#results/provenance.ts'
import type { ApiParts } from '../api-parts.ts'
import type { Api } from '../make-app.ts'
import { idInPath, queryOf } from '../parameters.ts'
import { readProvenance } from '../read-provenance.ts'
import { refusals, refuse } from '../refuse.ts'
import { unknownReduction } from './reductions.ts'

const provenanceRoute = createRoute({
  method: 'get',
  path: '/v1/reductions/{id}/provenance',
  summary: 'What ran: script, variables, software, host, inputs, limits and timings',
  description: 'As `provenance.json` among the results says it.',
  request: { params: idInPath('reduction'), query: queryOf({}) },
  responses: {
    200: { description: 'The record.', content: { 'application/json': { schema: provenanceSchema } } },
    400: refusals[400],
    404: refusals[404],
    503: refusals[503],
  },
})

export const addProvenanceRoutes = (app: Api, { database, viewerOf, readers, resultsRoot }: ApiParts): void => {
  app.openapi(provenanceRoute, async (context) => {
    const { id } = context.req.valid('param')
    const place = await findReductionPlace(database, viewerOf(context), id)
    if (!place) return refuse(context, 404, unknownReduction(id))
    const read = await readProvenance(readers, resultsRoot, place)
    switch (read.kind) {
      case 'out-of-reach':
        return refuse(context, 503, read.detail)
      case 'none':
        return refuse(context, 404, read.why)
      case 'read':
        return context.json(read.provenance, 200)
    }
  })
}
