import { getRequestListener } from '@hono/node-server'
import type { Plugin } from 'vite'
import { letTimePass } from './sample-time.ts'
import { busyWorld } from './sample-world.ts'
import { openStubApi } from './stub-api/open-stub-api.ts'

/** `vite` alone serves the pages over an API in memory; with `API=http://127.0.0.1:8080` over a real one. */
export const stubApi = (): Plugin => ({
  name: 'stub-api',
  apply: 'serve',
  config: () => {
    const target = process.env['API']
    if (!target) return {}
    // A service takes no changes from pages of elsewhere, and for it we are elsewhere: this proxy vouches for its own pages.
    const headers = { origin: new URL(target).origin }
    return { server: { proxy: { '/api': { target, changeOrigin: true, headers } } } }
  },
  configureServer: (server) => {
    if (process.env['API']) return
    const world = busyWorld()
    const stub = openStubApi(world)
    letTimePass(world, stub)
    const listener = getRequestListener((request) => {
      const url = new URL(request.url)
      url.pathname = url.pathname.replace(/^\/v1/, '')
      return stub.app.fetch(new Request(url, request))
    })
    server.middlewares.use('/api', (request, response) => void listener(request, response))
  },
})
