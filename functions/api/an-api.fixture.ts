import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openReaders } from '#archive/readers/open-readers.ts'
import { everyone, type Viewer } from '#contracts/viewer.ts'
import { changeEventsBetween, eventIdsAfter, isEventIdHeld, startOfEvents } from '#database/queries/change-events.ts'
import { callFunction } from '#function-server/call-function.ts'
import { freshSchema } from '../../tests/support/fresh-schema.ts'
import { openChangeFeed, usualFeedSettings } from './change-feed.ts'
import { openLogWatches } from './logs/log-watches.ts'
import { apiRoutes } from './routes.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

export const listen = async (fetch: (request: Request) => Response | Promise<Response>) => {
  const server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started as Server))
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

export type Asked = { readonly path: string; readonly headers: Headers; readonly body: unknown }

/** Other functions behind the gateway, answering what the test says. */
const startGateway = async () => {
  const asked: Asked[] = []
  const state: { answer: (asked: Asked) => Response } = { answer: () => new Response(null, { status: 502 }) }
  const routes = new Hono().post('*', async (context) => {
    const one = { path: context.req.path, headers: context.req.raw.headers, body: await context.req.json() }
    asked.push(one)
    return state.answer(one)
  })
  return { ...(await listen((request) => routes.fetch(request))), asked, state }
}

/** The API on a database, an archive and a results disk of its own. `close()` belongs into `afterAll`. */
export const startApi = async () => {
  const schema = await freshSchema()
  const folder = await mkdtemp(join(tmpdir(), 'api-'))
  const archiveRoot = join(folder, 'isis')
  const resultsRoot = join(folder, 'results')
  await mkdir(archiveRoot)
  await mkdir(resultsRoot)
  const gateway = await startGateway()
  const readers = openReaders({ root: archiveRoot, log: silent })
  const { database } = schema
  const state: { viewer: Viewer; gapsAskedAbout: number; rung: number } = {
    viewer: everyone,
    gapsAskedAbout: 0,
    rung: 0,
  }
  const feed = openChangeFeed(
    {
      start: () => startOfEvents(database),
      idsAfter: (id) => eventIdsAfter(database, id),
      isIdHeld: (from, to) => {
        state.gapsAskedAbout += 1
        return isEventIdHeld(database, from, to)
      },
      eventsBetween: (viewer, after, upTo) => changeEventsBetween(database, viewer, after, upTo),
    },
    silent,
    // A gap that is only waited for would be noticed by a test's own limit.
    { ...usualFeedSettings, pollMs: 20, longestGapMs: 120_000 },
  )
  const logs = openLogWatches(silent)
  const app = apiRoutes({
    database,
    readers,
    feed,
    logs,
    callFunction: (path, body, { timeoutMs, headers }) =>
      callFunction(gateway.url, path, { body, timeoutMs, headers: { authorization: 'Bearer the-key', ...headers } }),
    ringForWork: () => (state.rung += 1),
    viewerOf: () => state.viewer,
    archiveRoot,
    resultsRoot,
    resultsRootWindows: '\\\\isis\\results',
    log: silent,
  })
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await app.request(`/v1/${path}`, { headers })
    return { status: answer.status, headers: answer.headers, json: (await answer.json()) as never }
  }
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await app.request(`/v1/${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: answer.status, headers: answer.headers, json: (await answer.json()) as never }
  }
  /** Writes a file below the archive's or the results' root. */
  const write = async (root: string, path: string, content: string | Uint8Array): Promise<string> => {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
    return join(root, path)
  }
  return {
    app,
    database,
    feed,
    logs,
    gateway,
    archiveRoot,
    resultsRoot,
    state,
    get,
    send,
    write,
    close: async () => {
      feed.close()
      logs.close()
      readers.close()
      gateway.close()
      await schema.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type TestApi = Awaited<ReturnType<typeof startApi>>
