import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { Server } from 'node:http'
import { webRoutes } from '../../../functions/web/routes.ts'
import { busyWorld } from '../../../web/dev/sample-world.ts'
import type { World } from '../../../web/dev/world.ts'
import { openStubApi, type StubApi } from '../../../web/dev/stub-api/open-stub-api.ts'

export type OpenPortal = {
  /** Of the portal at the root; the same one is also under `portal/` and `function/web/`. */
  readonly base: string
  readonly stub: StubApi
  readonly stop: () => Promise<void>
}

/** The function `web` over an API in memory, on one port and under the prefixes that the proxy and the gateway use. */
export const openPortal = async (publicRoot: string, world: World = busyWorld()): Promise<OpenPortal> => {
  const stub = openStubApi(world)
  const web = webRoutes({ publicRoot })
  const under = (prefix: string, routes: Hono) => (request: Request) => {
    const url = new URL(request.url)
    url.pathname = url.pathname.slice(prefix.length)
    return routes.fetch(new Request(url, request))
  }
  const app = new Hono()
  for (const prefix of ['', '/portal', '/function']) {
    app.all(`${prefix}/api/v1/*`, (context) => under(`${prefix}/api/v1`, stub.app)(context.req.raw))
  }
  app.all('/portal/*', (context) => under('/portal', web)(context.req.raw))
  app.all('/function/web/*', (context) => under('/function/web', web)(context.req.raw))
  app.all('*', (context) => web.fetch(context.req.raw))

  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started as Server))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the portal has no port')
  return {
    base: `http://127.0.0.1:${address.port}/`,
    stub,
    stop: async () => {
      stub.cutEvents()
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
    },
  }
}
