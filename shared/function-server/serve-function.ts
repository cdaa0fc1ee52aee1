import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { bodyLimit } from 'hono/body-limit'
import type { Server } from 'node:http'
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import { collectWhenIdle } from './collect-when-idle.ts'
import { drainable } from './drainable.ts'
import { isLoopbackHost } from './is-loopback-host.ts'
import { faultFields, openLog, type Log } from './log.ts'
import { problem } from './problem.ts'

export type FunctionDescription = {
  readonly name: string
  /** The function's own routes; everything outside `/_/` is theirs. */
  readonly routes: Hono
  readonly log?: Log
  /** May it be given work? Asked at `/_/ready`; readiness does not depend on being busy. */
  readonly ready?: () => boolean | Promise<boolean>
  /** Told first when the function must stop: claim nothing more, let go of what cannot be finished. */
  readonly stopping?: () => void | Promise<void>
  /** Called when the last request is answered: close connections. */
  readonly stop?: () => void | Promise<void>
  /** How long requests under way may go on after SIGTERM; the orchestrator's grace must be longer. Default 25 s. */
  readonly graceMs?: number
  /** Largest request body accepted. Default 16 MiB: scripts of megabytes are given by people. */
  readonly largestBodyBytes?: number
  /** Measurements of its own, shown at `/_/metrics` beside the usual ones. */
  readonly registry?: Registry
}

/**
 * How any function starts, serves, logs, is measured and stops. Listens on `127.0.0.1:$port` (`host` overrides: of-watchdog's
 * loopback and the local gateway are its only callers). Where `only_loopback_names=1`, it answers under no other name: the port may
 * be within reach of a browser. Under of-watchdog the name is whatever people typed.
 */
export const serveFunction = (
  description: FunctionDescription,
): { readonly server: Server; readonly stop: () => void } => {
  collectWhenIdle()
  const log = description.log ?? openLog(description.name)
  const registry = description.registry ?? new Registry()
  collectDefaultMetrics({ register: registry })
  const durations = new Histogram({
    name: 'function_request_seconds',
    help: 'Time to answer a request.',
    labelNames: ['method', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600],
    registers: [registry],
  })
  let stopping = false

  const app = new Hono()
  if (process.env['only_loopback_names'] === '1') {
    // A page from elsewhere whose name is made to lead here (DNS rebinding) gets no further: it would count as the portal itself.
    app.use(async (context, next) =>
      isLoopbackHost(context.req.header('host'))
        ? next()
        : problem(421, 'Another name', 'This function is reached as 127.0.0.1, through its gateway.'),
    )
  }
  app.get('/_/health', (context) => context.text('alive'))
  app.get('/_/ready', async (context) => {
    const ready = !stopping && (await Promise.resolve(description.ready?.() ?? true).catch(() => false))
    return context.text(ready ? 'ready' : 'not ready', ready ? 200 : 503)
  })
  app.get('/_/metrics', async (context) =>
    context.body(await registry.metrics(), 200, { 'content-type': registry.contentType }),
  )
  app.use(async (context, next) => {
    const began = performance.now()
    await next()
    const seconds = (performance.now() - began) / 1000
    durations.observe({ method: context.req.method, status: String(context.res.status) }, seconds)
  })
  app.use(
    bodyLimit({
      maxSize: description.largestBodyBytes ?? 16 * 1024 * 1024,
      onError: () => problem(413, 'Too large', 'The request is larger than this function accepts.'),
    }),
  )
  app.route('/', description.routes)
  app.notFound((context) => problem(404, 'Not found', `There is nothing at ${context.req.path}.`))
  app.onError((fault, context) => {
    if (fault instanceof HTTPException) return fault.getResponse()
    const retryable = Reflect.get(fault, 'retryable') === true
    const about = {
      ...faultFields(fault),
      url: { path: context.req.path },
      http: { request: { method: context.req.method, id: context.req.header('x-call-id') } },
    }
    if (retryable) log.warn(about, 'a request failed for now')
    else log.error(about, 'a request failed')
    return retryable
      ? problem(503, 'Out of reach', 'A part of the service is out of reach for the moment. Try again in a minute.')
      : problem(500, 'Failed', 'The service made a mistake with this request. It is in the log; nothing was changed.')
  })

  const port = Number(process.env['port'] || 3000)
  const hostname = process.env['host'] || '127.0.0.1'
  const server = serve({ fetch: app.fetch, port, hostname }, (address) => {
    log.info({ event: { action: 'started' }, server: { port: address.port } }, `${description.name} listens`)
  }) as Server
  // Reductions of hours are one request; idle connections belong to the gateway's pool.
  server.requestTimeout = 0
  server.headersTimeout = 30_000
  server.keepAliveTimeout = 75_000
  const draining = drainable(server)

  const stop = (): void => {
    if (stopping) return
    stopping = true
    const graceMs = description.graceMs ?? 25_000
    const giveUp = setTimeout(() => {
      log.warn({ event: { action: 'stop' } }, 'requests were still under way when the grace ended')
      process.exit(0)
    }, graceMs)
    giveUp.unref()
    void (async () => {
      try {
        const closed = draining.stop()
        await description.stopping?.()
        await closed
        await description.stop?.()
        log.info({ event: { action: 'stopped' } }, `${description.name} has stopped`)
        process.exit(0)
      } catch (fault) {
        log.error(faultFields(fault), 'stopping failed')
        process.exit(1)
      }
    })()
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  if (process.env['exit_with_parent'] === '1') {
    process.stdin.resume()
    process.stdin.on('end', stop)
    process.stdin.on('error', stop)
  }
  return { server, stop }
}
