import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { BackOff } from '../supervision/back-off.ts'
import { endLeftovers, rememberProcesses } from '../supervision/leftover-processes.ts'
import { openCompanions } from './companions/companions.ts'
import { openFunctionRegistry } from './functions/function-registry.ts'
import type { ProbeTiming } from './functions/probe.ts'
import { openAsyncCalls } from './invocation/async-calls.ts'
import { whyCallerIsRefused } from './invocation/check-caller.ts'
import { findDestination } from './invocation/find-destination.ts'
import { invoke } from './invocation/invoke.ts'
import { openLogStore } from './logs/log-store.ts'
import { openSecretStore } from './secrets/secret-store.ts'
import { checkCredentials, type Credentials } from './system/check-credentials.ts'
import { functionRoutes } from './system/function-routes.ts'
import { infoRoutes } from './system/info-routes.ts'
import { localRoutes } from './system/local-routes.ts'
import { logRoutes } from './system/log-routes.ts'
import { secretRoutes } from './system/secret-routes.ts'

export type GatewayOptions = {
  /** 0 takes any. */
  readonly port: number
  readonly stateDirectory: string
  /** Holds `<function>/main.mjs`. */
  readonly bundles: string
  readonly credentials: Credentials
  /** Names, beyond those of loopback, under which a proxy in front may reach us. */
  readonly allowedHosts?: readonly string[]
  readonly release?: string
  readonly probeTiming?: Partial<ProbeTiming>
  readonly backOff?: BackOff
}

export type Gateway = { readonly port: number; stop(): Promise<void> }

/** Starts the gateway on loopback, brings back the functions it had, and resolves when it listens. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const own = join(options.stateDirectory, 'gateway')
  const secrets = openSecretStore(join(options.stateDirectory, 'secrets'), join(own, 'mounted-secrets'))
  const logs = openLogStore(join(options.stateDirectory, 'logs'))
  const processesFile = join(own, 'processes.json')
  // The port first: a second gateway must not end the processes of the first as leftovers.
  let answer: RequestListener = (_request, response) => response.writeHead(503).end('The gateway is starting.\n')
  const server = createServer((request, response) => answer(request, response))
  const port = await listen(server, options.port)
  await endLeftovers(processesFile)
  const processes = rememberProcesses(processesFile)
  const surroundings = {
    secrets,
    onLines: logs.append,
    onStart: processes.add,
    onEnd: ({ pid }: { pid: number }) => processes.remove(pid),
    probeTiming: options.probeTiming,
    backOff: options.backOff,
  }
  const companions = openCompanions(surroundings)
  const registry = openFunctionRegistry(join(own, 'functions'), {
    ...surroundings,
    places: { bundles: options.bundles, compileCache: join(options.stateDirectory, 'compile-cache') },
  })
  const asyncCalls = openAsyncCalls(() => port)

  const routes = new Hono()
  routes.get('/healthz', (context) => context.text('OK'))
  routes.use('/system/*', checkCredentials(options.credentials))
  routes.use('/local/*', checkCredentials(options.credentials))
  for (const more of [
    functionRoutes(registry, secrets),
    secretRoutes(secrets),
    logRoutes(logs),
    infoRoutes(options.release ?? 'local'),
    localRoutes(registry, companions),
  ]) {
    routes.route('/', more)
  }
  const answerOwn = getRequestListener(routes.fetch)

  answer = (request, response) => {
    const url = request.url ?? '/'
    const refusal = whyCallerIsRefused(request.method ?? '', request.headers, options.allowedHosts ?? [])
    if (refusal !== undefined) {
      response.writeHead(refusal.status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${refusal.reason}\n`)
      return
    }
    if (/^\/(system|local|healthz)(?=[/?]|$)/.test(url)) return void answerOwn(request, response)
    const destination = findDestination(url)
    if (destination === 'unknown') return void response.writeHead(404).end('There is no such function here.\n')
    const answered = destination.isAsync
      ? asyncCalls.accept(request, response, destination)
      : invoke(request, response, destination, registry)
    answered.catch(() => response.destroy())
  }

  return {
    port,
    stop: async () => {
      await companions.stop()
      await registry.stop()
      server.close()
      server.closeAllConnections()
    },
  }
}

async function listen(server: Server, port: number): Promise<number> {
  // Calls of hours and uploads of any length are usual; only idle connections are limited.
  server.requestTimeout = 0
  server.headersTimeout = 60_000
  server.keepAliveTimeout = 65_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  const address = server.address() as AddressInfo
  return address.port
}
