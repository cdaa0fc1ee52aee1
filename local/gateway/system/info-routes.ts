import { Hono } from 'hono'
import { defaultNamespace } from '../functions/deployment.ts'

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
  routes.get('/system/namespaces', (context) => context.json([defaultNamespace]))
  routes.get('/system/namespace/:name', (context) => {
    const name = context.req.param('name')
    if (name !== defaultNamespace) return context.text('there is no such namespace here', 404)
    return context.json({ name, labels: {}, annotations: { openfaas: '1' } })
  })
  return routes
}
