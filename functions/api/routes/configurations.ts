import { createRoute, z } from '@hono/zod-openapi'
import { runConfigurationSchema, runConfigurationsSchema } from '#contracts/api.ts'
import { configurationReplacementSchema, configurationRequestSchema } from '#contracts/submission.ts'
import type { ConfigurationSource } from '#contracts/variables.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Database } from '#database/connection.ts'
import { isDuplicate } from '#database/faults.ts'
import { endNoticeOfConfiguration } from '#database/queries/notices-of-configurations.ts'
import {
  addConfiguration,
  deleteConfiguration,
  findConfiguration,
  listConfigurations,
  mostConfigurations,
  replaceConfiguration,
} from '#database/queries/run-configurations.ts'
import type { ApiParts } from '../api-parts.ts'
import { configuredVariables, presentConfiguration } from '../configurations.ts'
import { currentVariables, declaredByCurrentScript } from '../instrument-variables.ts'
import { unknownInstrument } from '../known-instrument.ts'
import type { Api } from '../make-app.ts'
import { bodyOf, idInPath, instrumentInPath, queryOf } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

const json = <Schema>(description: string, schema: Schema) => ({
  description,
  content: { 'application/json': { schema } },
})
const onePath = instrumentInPath.extend(idInPath('configuration').shape)

const listRoute = createRoute({
  method: 'get',
  path: '/v1/instruments/{name}/configurations',
  summary: 'The variables that are configured for the runs to come of an instrument',
  description:
    'For each variable of a new run the first that has it counts: what the submission gives, what is configured for the run’s experiment, what is configured from the latest start run up to it, what the script itself says.',
  request: { params: instrumentInPath, query: queryOf({}) },
  responses: {
    200: json('From start runs, highest first, then for experiments.', runConfigurationsSchema),
    400: refusals[400],
    404: refusals[404],
  },
})

const addRoute = createRoute({
  method: 'post',
  path: '/v1/instruments/{name}/configurations',
  summary: 'Configures variables for an experiment, or from a run on',
  description: 'What stands in line already keeps what it was given. One configuration a start run or experiment.',
  request: {
    params: instrumentInPath,
    body: { required: true, content: { 'application/json': { schema: bodyOf(configurationRequestSchema.shape) } } },
  },
  responses: {
    201: json('As it is now.', runConfigurationSchema),
    400: refusals[400],
    404: refusals[404],
    409: refusals[409],
    503: refusals[503],
  },
})

const replaceRoute = createRoute({
  method: 'put',
  path: '/v1/instruments/{name}/configurations/{id}',
  summary: 'Replaces what is configured',
  request: {
    params: onePath,
    body: { required: true, content: { 'application/json': { schema: bodyOf(configurationReplacementSchema.shape) } } },
  },
  responses: {
    200: json('As it is now.', runConfigurationSchema),
    400: refusals[400],
    404: refusals[404],
    409: refusals[409],
    503: refusals[503],
  },
})

const deleteRoute = createRoute({
  method: 'delete',
  path: '/v1/instruments/{name}/configurations/{id}',
  summary: 'Deletes what is configured; runs to come go by what else is configured, or by the script',
  request: { params: onePath },
  responses: {
    200: json('What was deleted.', z.object({ id: z.number().int() })),
    400: refusals[400],
    404: refusals[404],
  },
})

const wordsOf = (source: ConfigurationSource): string =>
  source.kind === 'experiment' ? `RB ${source.rbNumber}` : `start run ${source.startRun}`

const taken = (source: ConfigurationSource): string =>
  `There is a configuration for ${wordsOf(source)} already. Change that one instead.`

const unknownConfiguration = (name: string, id: number): string =>
  `There is no configuration ${id} of ${name}; it may have been deleted. GET instruments/${name}/configurations lists them.`

/** Why this viewer may not change what is configured for the instrument; undefined where they may. */
const notTheirs = async (database: Database, viewer: Viewer, name: string): Promise<string | undefined> =>
  (await unknownInstrument(database, viewer, name)) ??
  (viewer.role === 'user' ? `What is configured for ${name} is for its instrument scientists to change.` : undefined)

export const addConfigurationRoutes = (app: Api, parts: ApiParts): void => {
  const { database, viewerOf } = parts

  app.openapi(listRoute, async (context) => {
    const viewer = viewerOf(context)
    const { name } = context.req.valid('param')
    const unknown = await unknownInstrument(database, viewer, name)
    if (unknown !== undefined) return refuse(context, 404, unknown)
    const configurations = await listConfigurations(database, viewer, name)
    const { variables, fault } = await currentVariables(parts, viewer, name)
    const declared = fault === null ? variables : undefined
    return context.json({ items: configurations.map((one) => presentConfiguration(one, declared)), fault }, 200)
  })

  app.openapi(addRoute, async (context) => {
    const viewer = viewerOf(context)
    const { name } = context.req.valid('param')
    const request = context.req.valid('json')
    const refused = await notTheirs(database, viewer, name)
    if (refused !== undefined) return refuse(context, 404, refused)
    const declared = await declaredByCurrentScript(parts, viewer, name)
    if ('fault' in declared) return refuse(context, 503, declared.fault)
    const configured = configuredVariables(request, declared.variables)
    if ('fault' in configured) return refuse(context, 400, configured.fault)
    if ((await listConfigurations(database, viewer, name)).length >= mostConfigurations) {
      return refuse(
        context,
        409,
        `${name} has ${mostConfigurations} configurations, the most there may be. Delete old ones.`,
      )
    }
    const { source, description = null } = request
    try {
      const stored = await database.transaction(async (sql) => {
        const written = { source, variables: configured.variables, description, changedBy: viewer.name }
        const id = await addConfiguration(sql, name, written)
        return findConfiguration(sql, viewer, name, id)
      })
      if (!stored) throw new Error('A configuration was written and is not there.')
      return context.json(presentConfiguration(stored, declared.variables), 201)
    } catch (fault) {
      if (isDuplicate(fault)) return refuse(context, 409, taken(source))
      throw fault
    }
  })

  app.openapi(replaceRoute, async (context) => {
    const viewer = viewerOf(context)
    const { name, id } = context.req.valid('param')
    const request = context.req.valid('json')
    const refused = await notTheirs(database, viewer, name)
    if (refused !== undefined) return refuse(context, 404, refused)
    const before = await findConfiguration(database, viewer, name, id)
    if (!before) return refuse(context, 404, unknownConfiguration(name, id))
    const declared = await declaredByCurrentScript(parts, viewer, name)
    if ('fault' in declared) return refuse(context, 503, declared.fault)
    const configured = configuredVariables(request, declared.variables)
    if ('fault' in configured) return refuse(context, 400, configured.fault)
    const { source, description = null, revision } = request
    try {
      const stored = await database.transaction(async (sql) => {
        const written = { source, variables: configured.variables, description, changedBy: viewer.name }
        if (!(await replaceConfiguration(sql, id, revision, written))) return undefined
        await endNoticeOfConfiguration(sql, name, before.source, `${viewer.name} changed what is configured.`)
        return findConfiguration(sql, viewer, name, id)
      })
      if (!stored) {
        const detail =
          'Somebody has changed this configuration since you opened it. Load it anew and look at their change first.'
        return refuse(context, 409, detail)
      }
      return context.json(presentConfiguration(stored, declared.variables), 200)
    } catch (fault) {
      if (isDuplicate(fault)) return refuse(context, 409, taken(source))
      throw fault
    }
  })

  app.openapi(deleteRoute, async (context) => {
    const viewer = viewerOf(context)
    const { name, id } = context.req.valid('param')
    const refused = await notTheirs(database, viewer, name)
    if (refused !== undefined) return refuse(context, 404, refused)
    const before = await findConfiguration(database, viewer, name, id)
    if (!before) return refuse(context, 404, unknownConfiguration(name, id))
    await database.transaction(async (sql) => {
      await deleteConfiguration(sql, id)
      await endNoticeOfConfiguration(sql, name, before.source, `${viewer.name} deleted what is configured.`)
    })
    return context.json({ id }, 200)
  })
}
