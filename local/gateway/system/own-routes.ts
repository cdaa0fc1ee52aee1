import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Companions } from '../companions/companions.ts'
import type { FunctionRegistry } from '../functions/function-registry.ts'
import { letGoOfBody } from '../invocation/let-go-of-body.ts'
import { refuseCall } from '../invocation/refuse-call.ts'
import { takeBody } from '../invocation/take-body.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import { credentialsCheck, type Credentials } from './check-credentials.ts'
import { functionRoutes } from './function-routes.ts'
import { infoRoutes } from './info-routes.ts'
import { localRoutes } from './local-routes.ts'
import { logRoutes } from './log-routes.ts'
import { onlyBy } from './only-by.ts'
import { secretRoutes } from './secret-routes.ts'

export type OwnRoutes = {
  readonly registry: FunctionRegistry
  readonly secrets: SecretStore
  readonly logs: LogStore
  readonly companions: Companions
  readonly credentials: Credentials
  readonly release: string
  /** How long a body may take. */
  readonly bodyMs: number
}

/** A secret of one mebibyte, the most that Kubernetes keeps, is four thirds of it as it is sent. */
const largestBytes = 2 * 1024 * 1024

/** What the gateway answers itself: `/healthz` to anybody, `/system/*` and `/local/*` to those with credentials. */
export function ownRoutes(options: OwnRoutes): RequestListener {
  const { registry, secrets, logs, companions } = options
  const isRunning = (name: string) =>
    registry.find(name) !== undefined || companions.status().some((companion) => companion.name === name)
  const routes = new Hono()
  routes.get('/healthz', (context) => context.text('OK'))
  onlyBy(routes, '/healthz', ['GET'])
  for (const more of [
    functionRoutes(registry, secrets),
    secretRoutes(secrets),
    logRoutes(logs, isRunning),
    infoRoutes(options.release),
    localRoutes(registry, companions),
  ]) {
    routes.route('/', more)
  }
  routes.onError((fault, context) => {
    console.error(fault)
    return context.text(`The gateway could not do that: ${fault.message}`, 500)
  })
  const isRight = credentialsCheck(options.credentials)
  const listener = getRequestListener(routes.fetch)
  return (request, response) => {
    if (!/^\/healthz/.test(request.url ?? '') && !isRight(request.headers.authorization)) {
      return refuseCredentials(request, response)
    }
    void withWholeBody(request, response, options.bodyMs, () => void listener(request, response))
  }
}

/** The client looks for exactly this. */
function refuseCredentials(request: IncomingMessage, response: ServerResponse): void {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'WWW-Authenticate': 'Basic realm="Restricted"' }
  response.writeHead(401, headers).end('invalid credentials')
  letGoOfBody(request)
}

/** Bodies are taken before the routes see them, so that neither an endless nor an unfinished one occupies anybody. */
async function withWholeBody(
  request: IncomingMessage,
  response: ServerResponse,
  withinMs: number,
  answer: () => void,
): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') return answer()
  const rawBody = await takeBody(request, { largestBytes, withinMs })
  switch (rawBody) {
    case 'too large':
      return refuseCall(request, response, 413, `The body is larger than ${largestBytes} bytes.`)
    case 'too slow':
      return refuseCall(request, response, 408, `The body did not come within ${withinMs / 1000} s.`)
    case 'broken off':
      return void response.destroy()
    default:
      // Where the server for Hono finds a body that has been read already.
      Object.assign(request, { rawBody })
      return answer()
  }
}
