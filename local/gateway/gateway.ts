import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { drainable } from '#function-server/drainable.ts'
import type { BackOff } from '../supervision/back-off.ts'
import { endLeftovers, rememberProcesses } from '../supervision/leftover-processes.ts'
import { openCompanions } from './companions/companions.ts'
import { openFunctionRegistry } from './functions/function-registry.ts'
import type { ProbeTiming } from './functions/probe.ts'
import { openAsyncCalls, usualAsyncLimits, type AsyncLimits } from './invocation/async-calls.ts'
import { whyCallerIsRefused } from './invocation/check-caller.ts'
import { findDestination } from './invocation/find-destination.ts'
import { invoke } from './invocation/invoke.ts'
import { refuseCall } from './invocation/refuse-call.ts'
import { openLogStore } from './logs/log-store.ts'
import { openInvocationMetrics } from './metrics/invocation-metrics.ts'
import { serveMetrics } from './metrics/metrics-server.ts'
import { scalesByThroughput } from './scaling/scale-by-throughput.ts'
import { usualRule, type ThroughputRule } from './scaling/throughput.ts'
import { openSecretStore } from './secrets/secret-store.ts'
import type { Credentials } from './system/check-credentials.ts'
import { ownRoutes } from './system/own-routes.ts'

export type GatewayOptions = {
  /** 0 takes any. */
  readonly port: number
  /** Where `/metrics` is; any free one where it is 0 or taken. */
  readonly metricsPort: number
  readonly stateDirectory: string
  /** Holds `<function>/main.mjs`. */
  readonly bundles: string
  readonly credentials: Credentials
  /** Names, beyond those of loopback, under which a proxy in front may reach us. */
  readonly allowedHosts?: readonly string[]
  readonly release?: string
  readonly probeTiming?: Partial<ProbeTiming>
  readonly backOff?: BackOff
  readonly timing?: Partial<GatewayTiming>
  readonly asyncLimits?: Partial<AsyncLimits>
}

export type GatewayTiming = {
  /** How long a connection may take to bring the head of a request. */
  readonly headMs: number
  /** How long the body of a call may pause before the function has begun to answer. */
  readonly bodyPauseMs: number
  /** How long a body for `/system` may take. */
  readonly systemBodyMs: number
  /** How long asynchronous calls, and answers that are all but sent, may take when we stop. */
  readonly finishMs: number
  readonly throughput: ThroughputRule & { readonly everyMs: number }
}

const usualTiming: GatewayTiming = {
  headMs: 30_000,
  bodyPauseMs: 60_000,
  systemBodyMs: 30_000,
  finishMs: 5_000,
  throughput: { ...usualRule, everyMs: 1_000 },
}

export type Gateway = { readonly port: number; readonly metricsPort: number; stop(): Promise<void> }

/** Starts the gateway on loopback, brings back the functions it had, and resolves when it listens. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const timing = { ...usualTiming, ...options.timing }
  const own = join(options.stateDirectory, 'gateway')
  const secrets = openSecretStore(join(options.stateDirectory, 'secrets'), join(own, 'mounted-secrets'))
  const logs = openLogStore(join(options.stateDirectory, 'logs'))
  const say = (functionName: string, text: string) => logs.append(functionName, 'gateway', [text])
  const processesFile = join(own, 'processes.json')
  // The port first: a second gateway must not end the processes of the first as leftovers.
  let answer: RequestListener = (_request, response) => response.writeHead(503).end('The gateway is starting.\n')
  const server = createServer(
    // Calls of hours and uploads of any length are usual; only heads and idle connections are limited here.
    {
      requestTimeout: 0,
      headersTimeout: timing.headMs,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: timing.headMs / 4,
    },
    (request, response) => answer(request, response),
  )
  const draining = drainable(server)
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
    places: {
      bundles: options.bundles,
      compileCache: join(options.stateDirectory, 'compile-cache'),
      scratch: join(own, 'scratch'),
    },
  })
  const metrics = openInvocationMetrics(() =>
    registry.all().map((deployed) => ({
      name: deployed.deployment().service,
      replicas: deployed.desiredReplicas(),
    })),
  )
  const metricsServer = await serveMetrics(metrics, options.metricsPort)
  const asyncCalls = openAsyncCalls({
    gatewayPort: () => port,
    isKnown: (name) => registry.find(name) !== undefined,
    say,
    limits: { ...usualAsyncLimits, ...options.asyncLimits },
  })
  const lookAtThroughput = scalesByThroughput(registry, timing.throughput, say)
  const looking = setInterval(() => lookAtThroughput(performance.now()), timing.throughput.everyMs)

  const invocations = { registry, metrics, bodyPauseMs: timing.bodyPauseMs }
  const caller = { port, allowedHosts: options.allowedHosts ?? [] }
  const answerOwn = ownRoutes({
    registry,
    secrets,
    logs,
    companions,
    credentials: options.credentials,
    release: options.release ?? 'local',
    bodyMs: timing.systemBodyMs,
  })
  answer = (request, response) => {
    const url = request.url ?? '/'
    const refusal = whyCallerIsRefused(request.method ?? '', request.headers, caller)
    if (refusal !== undefined) return refuseCall(request, response, refusal.status, refusal.reason)
    if (/^\/(system|local|healthz)(?=[/?]|$)/.test(url)) return answerOwn(request, response)
    const destination = findDestination(url)
    if (destination === 'unknown') return refuseCall(request, response, 404, 'There is no such function here.')
    const answered = destination.isAsync
      ? asyncCalls.accept(request, response, destination)
      : invoke(request, response, destination, invocations)
    answered.catch(() => response.destroy())
  }

  return {
    port,
    metricsPort: metricsServer.port,
    stop: async () => {
      clearInterval(looking)
      // What our own processes call goes on until they have stopped; so functions come after those that call them.
      const [lost] = await Promise.all([asyncCalls.finish(timing.finishMs), companions.stop()])
      if (lost > 0) say('gateway', `${lost} asynchronous calls were given up`)
      await registry.stop()
      // What functions have answered may still be on its way to callers that read slowly.
      const patience = setTimeout(() => server.closeAllConnections(), timing.finishMs)
      await draining.stop()
      clearTimeout(patience)
      metricsServer.stop()
    },
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve())
  })
  const address = server.address() as AddressInfo
  return address.port
}
