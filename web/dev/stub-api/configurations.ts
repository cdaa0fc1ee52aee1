import type { Hono } from 'hono'
import { instrumentVariablesSchema, runConfigurationSchema, runConfigurationsSchema } from '#contracts/api.ts'
import { listGivenArguments, typedByDeclared } from '#contracts/given-arguments.ts'
import { configurationReplacementSchema, configurationRequestSchema } from '#contracts/submission.ts'
import { scriptVariables } from '../sample-script.ts'
import type { Stub } from './the-stub.ts'

/** An instrument's variables, and what is configured for them. */
export const addConfigurations = (app: Hono, stub: Stub): void => {
  const { world, problem } = stub
  app.get('/instruments/:name/variables', (context) => {
    if (!world.instruments.has(context.req.param('name')))
      return problem(context, 404, `There is no instrument ${context.req.param('name')}.`)
    return context.json(
      instrumentVariablesSchema.parse({ scriptSha256: 'c41d', variables: scriptVariables, fault: null }),
    )
  })
  const configurationsOf = (name: string) => [...world.configurations.values()].filter((one) => one.instrument === name)
  const configuredFrom = (given: Parameters<typeof listGivenArguments>[0]) =>
    typedByDeclared(listGivenArguments(given), scriptVariables).arguments.flatMap(({ group, name, typed }) =>
      group && typed ? [{ group, name, value: typed }] : [],
    )
  app.get('/instruments/:name/configurations', (context) =>
    context.json(runConfigurationsSchema.parse({ items: configurationsOf(context.req.param('name')), fault: null })),
  )
  app.post('/instruments/:name/configurations', async (context) => {
    const instrument = context.req.param('name')
    const request = configurationRequestSchema.parse(await context.req.json())
    const isThere = configurationsOf(instrument).some(
      ({ source }) => JSON.stringify(source) === JSON.stringify(request.source),
    )
    if (isThere) return problem(context, 409, 'There is a configuration for this already. Change that one instead.')
    const made = {
      id: 100 + world.configurations.size,
      source: request.source,
      variables: configuredFrom(request.variables),
      description: request.description ?? null,
      revision: 1,
      changedBy: 'anyone on this machine',
      changedAt: new Date().toISOString(),
    }
    world.configurations.set(made.id, { ...made, instrument })
    return context.json(runConfigurationSchema.parse(made), 201)
  })
  app.put('/instruments/:name/configurations/:id', async (context) => {
    const before = world.configurations.get(Number(context.req.param('id')))
    const { revision, source, variables, description } = configurationReplacementSchema.parse(await context.req.json())
    if (!before) return problem(context, 404, 'There is no such configuration.')
    if (before.revision !== revision) return problem(context, 409, 'Somebody has changed it since you opened it.')
    const after = {
      ...before,
      source,
      variables: configuredFrom(variables),
      description: description ?? null,
      revision: revision + 1,
    }
    world.configurations.set(after.id, after)
    return context.json(runConfigurationSchema.parse(after))
  })
  app.delete('/instruments/:name/configurations/:id', (context) => {
    const id = Number(context.req.param('id'))
    return world.configurations.delete(id)
      ? context.json({ id })
      : problem(context, 404, 'There is no such configuration.')
  })
}
