import { Hono, type Context } from 'hono'
import { z } from 'zod'
import { deploymentSchema } from '../functions/deployment.ts'
import type { DeployedFunction } from '../functions/deployed-function.ts'
import type { FunctionRegistry } from '../functions/function-registry.ts'
import { usageOf } from '../functions/usage.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import { isForeign } from './namespaces.ts'
import { onlyBy } from './only-by.ts'
import { parseBody } from './parse-body.ts'

const removalSchema = z.object({ functionName: z.string(), namespace: z.string().nullish() })
const scaleSchema = z.object({ replicas: z.number().int().min(0), namespace: z.string().nullish() })

/** Deploying, listing, describing, scaling and removing functions. */
export function functionRoutes(registry: FunctionRegistry, secrets: SecretStore): Hono {
  const routes = new Hono()
  const asked = (context: Context) => context.req.query('namespace')
  const unknown = (context: Context, name: string) => context.text(`there is no function "${name}" here`, 404)

  routes.get('/system/functions', (context) =>
    context.json(isForeign(asked(context)) ? [] : registry.all().map((deployed) => deployed.status())),
  )

  const deploy = (how: 'create' | 'update') => async (context: Context) => {
    const body = await parseBody(context, deploymentSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    const missing = (body.value.secrets ?? []).find((name) => !secrets.has(name))
    if (missing !== undefined) return context.text(`there is no secret "${missing}" here`, 400)
    const outcome = registry.deploy(body.value, how)
    switch (outcome.kind) {
      case 'refused':
        return context.text(outcome.reason, 400)
      case 'absent':
        return unknown(context, body.value.service)
      case 'deployed':
      case 'unchanged':
        return context.body(null, 202)
    }
  }
  routes.post('/system/functions', deploy('create'))
  routes.put('/system/functions', deploy('update'))

  routes.delete('/system/functions', async (context) => {
    const body = await parseBody(context, removalSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    const { functionName, namespace } = body.value
    if (isForeign(namespace, asked(context))) return unknown(context, functionName)
    return registry.remove(functionName) === 'removed' ? context.body(null, 202) : unknown(context, functionName)
  })
  onlyBy(routes, '/system/functions', ['GET', 'POST', 'PUT', 'DELETE'])

  routes.get('/system/function/:name', async (context) => {
    const name = context.req.param('name')
    const deployed = isForeign(asked(context)) ? undefined : registry.find(name)
    if (deployed === undefined) return unknown(context, name)
    const usage = isYes(context.req.query('usage')) ? { usage: await usageOf(pidsOf(deployed)) } : {}
    return context.json({ ...deployed.status(), ...usage })
  })
  onlyBy(routes, '/system/function/:name', ['GET'])

  routes.post('/system/scale-function/:name', async (context) => {
    const name = context.req.param('name')
    const body = await parseBody(context, scaleSchema)
    if ('reason' in body) return context.text(body.reason, 400)
    if (isForeign(body.value.namespace, asked(context))) return unknown(context, name)
    return registry.scale(name, body.value.replicas) === 'scaled' ? context.body(null, 202) : unknown(context, name)
  })
  onlyBy(routes, '/system/scale-function/:name', ['POST'])

  return routes
}

function pidsOf(deployed: DeployedFunction): number[] {
  return deployed.replicas().flatMap((replica) => replica.process()?.pid ?? [])
}

function isYes(text: string | undefined): boolean {
  return text === '1' || text === 'true'
}
