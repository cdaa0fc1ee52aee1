import { createRoute } from '@hono/zod-openapi'
import { cursorSchema, instrumentsSchema, instrumentVariablesSchema, overviewSchema } from '#contracts/api.ts'
import { lockCursors } from '#database/queries/cursors-advance.ts'
import { setCursor } from '#database/queries/cursors-set.ts'
import { listInstruments } from '#database/queries/instruments-list.ts'
import { resolveCounterNotices } from '#database/queries/notices-resolve.ts'
import { readOverview } from '#database/queries/overview.ts'
import { findReduction } from '#database/queries/reduction-detail.ts'
import { findScriptVariables } from '#database/queries/scripts.ts'
import type { ApiParts } from '../api-parts.ts'
import { chosenVariables, startFrom } from '../chosen-variables.ts'
import { currentVariables } from '../instrument-variables.ts'
import { unknownInstrument } from '../known-instrument.ts'
import type { Api } from '../make-app.ts'
import { bodyOf, instrumentInPath, queryOf, wholeNumberParameter } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

const json = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})

const listRoute = createRoute({
  method: 'get',
  path: '/v1/instruments',
  summary: 'The instruments, each with its newest run and what is under way',
  request: { query: queryOf({}) },
  responses: { 200: json('By name.', instrumentsSchema), 400: refusals[400] },
})

const overviewRoute = createRoute({
  method: 'get',
  path: '/v1/overview',
  summary: 'What stands in line, what runs, what the last day brought',
  request: { query: queryOf({}) },
  responses: { 200: json('Counts.', overviewSchema), 400: refusals[400] },
})

const variablesRoute = createRoute({
  method: 'get',
  path: '/v1/instruments/{name}/variables',
  summary: "The variables of the instrument's current script",
  description: 'Where the current script cannot be read, the newest known ones come with the reason in `fault`.',
  request: {
    params: instrumentInPath,
    query: queryOf({
      reductionId: wholeNumberParameter(
        'reductionId',
        1,
        Number.MAX_SAFE_INTEGER,
        'Start from the values of this reduction; `default` is then what the current script says where it differs.',
      ),
    }),
  },
  responses: { 200: json('Typed variables.', instrumentVariablesSchema), 400: refusals[400], 404: refusals[404] },
})

const cursorRoute = createRoute({
  method: 'put',
  path: '/v1/instruments/{name}/cursor',
  summary: 'Says up to which run an instrument counts as seen',
  description: 'Detection goes on with the run after it. Open notices about the counter are settled by this.',
  request: {
    params: instrumentInPath,
    body: { required: true, content: { 'application/json': { schema: bodyOf(cursorSchema.shape) } } },
  },
  responses: { 200: json('The cursor as it is now.', cursorSchema), 400: refusals[400], 404: refusals[404] },
})

export const addInstrumentRoutes = (app: Api, parts: ApiParts): void => {
  const { database, viewerOf } = parts

  app.openapi(listRoute, async (context) =>
    context.json({ items: [...(await listInstruments(database, viewerOf(context)))] }, 200),
  )

  app.openapi(overviewRoute, async (context) => context.json(await readOverview(database, viewerOf(context)), 200))

  app.openapi(variablesRoute, async (context) => {
    const viewer = viewerOf(context)
    const { name } = context.req.valid('param')
    const { reductionId } = context.req.valid('query')
    const unknown = await unknownInstrument(database, viewer, name)
    if (unknown !== undefined) return refuse(context, 404, unknown)
    const earlier = reductionId === undefined ? undefined : await findReduction(database, viewer, reductionId)
    if (reductionId !== undefined && !earlier) return refuse(context, 404, `There is no reduction ${reductionId}.`)

    const current = await currentVariables(parts, viewer, name)
    if (!earlier) return context.json(current, 200)
    const script = earlier.scriptSha256 === null ? undefined : await findScriptVariables(database, earlier.scriptSha256)
    const declared = script && 'variables' in script ? script.variables : undefined
    const chosen = chosenVariables({ ...earlier, declared })
    if (current.variables.length === 0 && current.fault !== null) {
      return context.json({ ...current, variables: [...chosen] }, 200)
    }
    const start = startFrom(chosen, current.variables)
    return context.json({ ...current, variables: [...start.variables], leftOut: [...start.leftOut] }, 200)
  })

  app.openapi(cursorRoute, async (context) => {
    const viewer = viewerOf(context)
    const { name } = context.req.valid('param')
    const { lastRun } = context.req.valid('json')
    const unknown = await unknownInstrument(database, viewer, name)
    if (unknown !== undefined || viewer.role === 'user') {
      return refuse(context, 404, unknown ?? `${name} is not yours to set.`)
    }
    await database.transaction(async (sql) => {
      const before = (await lockCursors(sql, [name])).get(name)
      const reason = `${viewer.name} set the cursor from ${before?.lastRun ?? 'nowhere'} to ${lastRun}.`
      await setCursor(sql, name, lastRun, reason)
      await resolveCounterNotices(sql, name, reason)
    })
    return context.json({ lastRun }, 200)
  })
}
