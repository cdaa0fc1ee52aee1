import { createRoute } from '@hono/zod-openapi'
import { comparisonSchema } from '#contracts/comparison.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { findReductionPlace, listResultFiles } from '#database/queries/reduction-files.ts'
import { findScript } from '#database/queries/scripts.ts'
import type { ApiParts } from '../api-parts.ts'
import { compareReductions, type Compared } from '../comparison/compare-reductions.ts'
import type { Api } from '../make-app.ts'
import { queryOf, wholeNumberParameter } from '../parameters.ts'
import { presentReduction } from '../present-reduction.ts'
import { readProvenance } from '../read-provenance.ts'
import { readableText } from '../readable-text.ts'
import { refusals, refuse } from '../refuse.ts'
import { unknownReduction } from './reductions.ts'

const sideParameter = (name: string) =>
  wholeNumberParameter(name, 1, Number.MAX_SAFE_INTEGER, `The number of the reduction on the ${name}.`)

const comparisonRoute = createRoute({
  method: 'get',
  path: '/v1/comparisons',
  summary: 'What differs between two reductions, of one run or of two',
  description:
    'Variables, the script line by line, software, inputs, limits, timings, and the outputs side by side. `notes` say what is not known and why.',
  request: { query: queryOf({ left: sideParameter('left'), right: sideParameter('right') }) },
  responses: {
    200: { description: 'The comparison.', content: { 'application/json': { schema: comparisonSchema } } },
    400: refusals[400],
    404: refusals[404],
  },
})

/** All that is known of one of the two; undefined where there is none that the viewer may see. */
const gather = async (parts: ApiParts, viewer: Viewer, id: number): Promise<Compared | undefined> => {
  const { database, readers, resultsRoot } = parts
  const place = await findReductionPlace(database, viewer, id)
  const reduction = place && (await presentReduction(database, viewer, id, parts))
  if (!reduction) return undefined
  const [files, script, provenance] = await Promise.all([
    listResultFiles(database, place),
    reduction.scriptSha256 === null ? undefined : findScript(database, reduction.scriptSha256),
    readProvenance(readers, resultsRoot, place),
  ])
  return {
    reduction,
    files,
    script: (script ?? []).map(({ name, base64 }) => ({ name, base64, text: readableText(base64) })),
    provenance: provenance.kind === 'read' ? provenance.provenance : undefined,
    note:
      provenance.kind === 'none' ? provenance.why : provenance.kind === 'out-of-reach' ? provenance.detail : undefined,
  }
}

export const addComparisonRoutes = (app: Api, parts: ApiParts): void => {
  app.openapi(comparisonRoute, async (context) => {
    const { left, right } = context.req.valid('query')
    if (left === undefined || right === undefined) {
      return refuse(context, 400, 'Two reductions are compared: GET comparisons?left=41&right=42.')
    }
    const viewer = parts.viewerOf(context)
    const [one, other] = await Promise.all([gather(parts, viewer, left), gather(parts, viewer, right)])
    if (!one) return refuse(context, 404, unknownReduction(left))
    if (!other) return refuse(context, 404, unknownReduction(right))
    return context.json(compareReductions(one, other), 200)
  })
}
