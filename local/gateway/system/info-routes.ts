import { Hono } from 'hono'
import { z } from 'zod'
import { defaultNamespace } from '../functions/deployment.ts'
import { oneNamespace } from './namespaces.ts'
import { onlyBy } from './only-by.ts'
import { parseBody } from './parse-body.ts'

const namespaceSchema = z.object({ name: z.string().min(1, 'the name of a namespace is missing') })

/** What this gateway is. None of it may be empty: the command-line client shows it. */
export function infoRoutes(release: string): Hono {
  const routes = new Hono()
  const version = { release, sha: 'unknown', commit_message: '' }
  routes.get('/system/info', (context) =>
    context.json({
      provider: { provider: 'autoreduction-local', orchestration: 'processes', version },
      version,
      arch: process.arch === 'x64' ? 'x86_64' : process.arch,
    }),
  )
  onlyBy(routes, '/system/info', ['GET'])
  routes.get('/system/namespaces', (context) => context.json([defaultNamespace]))
  onlyBy(routes, '/system/namespaces', ['GET'])
  return routes.route('/', namespaceRoutes())
}

/** One namespace, which always is there and stays as it is. */
function namespaceRoutes(): Hono {
  const routes = new Hono()
  for (const path of ['/system/namespace', '/system/namespace/']) {
    routes.post(path, async (context) => {
      const body = await parseBody(context, namespaceSchema)
      if ('reason' in body) return context.text(body.reason, 400)
      const isThere = body.value.name === defaultNamespace
      if (isThere) return context.text(`the namespace ${defaultNamespace} exists already`, 409)
      return context.text(`${oneNamespace}; others cannot be made`, 400)
    })
    onlyBy(routes, path, ['POST'])
  }
  routes.on(['GET', 'PUT', 'DELETE'], '/system/namespace/:name', (context) => {
    const name = context.req.param('name')
    if (name !== defaultNamespace) return context.text(`${oneNamespace}, and no "${name}"`, 404)
    if (context.req.method !== 'GET') return context.text(`${oneNamespace}: it stays as it is`, 400)
    return context.json({ name, labels: {}, annotations: { openfaas: '1' } })
  })
  onlyBy(routes, '/system/namespace/:name', ['GET', 'PUT', 'DELETE'])
  return routes
}
