import { Hono } from 'hono'
import { z } from 'zod'
import { defaultNamespace, deploymentSchema } from '../functions/deployment.ts'
import type { FunctionRegistry } from '../functions/function-registry.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import { parseBody } from './parse-body.ts'

const removalSchema = z.object({ functionName: z.string() })
const scaleSchema = z.object({ replicas: z.number().int().min(0) })

/** Deploying, listing, describing, scaling and removing functions. */
export function functionRoutes(registry: FunctionRegistry, secrets: SecretStore): Hono {
  const routes = new Hono()

  routes.get('/system/functions', (context) => {
    const namespace = context.req.query('namespace') || defaultNamespace
    const all = namespace === defaultNamespace ? registry.all() : []
    return context.json(all.map((deployed) => deployed.status()))
  })

  const deploy = (how: 'create' | 'update') =>
    new Hono().all('*', async (context) => {
      const body = await parseBody(context, deploymentSchema)
      if ('reason' in body) return context.text(body.reason, 400)
      const missing = (body.value.secrets ?? []).find((name) => !secrets.has(name))
      if (missing !== undefined) return context.text(`there is no secret "${missing}" here`, 400)
      const outcome = registry.deploy(body.value, how)
      switch (outcome.kind) {
        case 'refused':
          return context.text(outcome.reason, 400)
        case 'absent':
          return context.text(`there is no function "${body.value.service}" here`, 404)
        case 'deployed':
        case 'unchanged':
          return context.body(null, 202)
      }
    })
  routes.post('/system/functions', (context) => deploy('create').fetch(context.req.raw))
  routes.put('/system/functions', (context) => deploy('update').fetch(context.req.raw))

  routes.delete('/system/functions', async (context) => {
    const body = await parseBody(context, removalSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    const name = body.value.functionName
    const outcome = registry.remove(name)
    return outcome === 'removed' ? context.body(null, 202) : context.text(`there is no function "${name}" here`, 404)
  })

  routes.get('/system/function/:name', (context) => {
    const deployed = registry.find(context.req.param('name'))
    return deployed ? context.json(deployed.status()) : context.text('there is no such function here', 404)
  })

  routes.post('/system/scale-function/:name', async (context) => {
    const body = await parseBody(context, scaleSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    const outcome = registry.scale(context.req.param('name'), body.value.replicas)
    return outcome === 'scaled' ? context.body(null, 202) : context.text('there is no such function here', 404)
  })

  return routes
}
