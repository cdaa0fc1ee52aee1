import { Hono } from 'hono'
import { z } from 'zod'
import { companionSchema, type Companions } from '../companions/companions.ts'
import type { FunctionRegistry } from '../functions/function-registry.ts'
import { localStatus } from '../local-status.ts'
import { onlyBy } from './only-by.ts'
import { parseBody } from './parse-body.ts'

/** What only this gateway has: the state of every process, and the companions. */
export function localRoutes(registry: FunctionRegistry, companions: Companions): Hono {
  const routes = new Hono()
  routes.get('/local/status', (context) => context.json(localStatus(registry, companions)))
  routes.put('/local/companions', async (context) => {
    const body = await parseBody(context, z.array(companionSchema))
    if ('reason' in body) return context.text(body.reason, 400)
    await companions.become(body.value)
    return context.body(null, 202)
  })
  onlyBy(routes, '/local/status', ['GET'])
  onlyBy(routes, '/local/companions', ['PUT'])
  return routes
}
