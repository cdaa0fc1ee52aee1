import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { drainable } from '#function-server/drainable.ts'
import { isLoopbackHost } from '#function-server/is-loopback-host.ts'
import { endOrphans, markOf } from './end-orphans.ts'
import { forkForCall } from './fork-for-call.ts'
import { watchdogSettingsSchema } from './watchdog-settings.ts'

/**
 * Serves a function whose `fprocess` is a program for one call, as OpenFaaS' classic watchdog does. The gateway starts it
 * as the function's replica and watches over it like over any other; limits of time and number are the gateway's.
 */
const told = watchdogSettingsSchema.parse(JSON.parse(process.env['watchdog'] ?? ''))
const settings = { ...told, environment: { ...told.environment, ...markOf(process.pid) } }
const verbs = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
let isStopping = false

const server = createServer((request, response) => {
  const refusal = whyRefused(request)
  if (refusal !== undefined) return refuse(request, response, ...refusal)
  if (request.url === '/_/health' || request.url === '/_/ready') {
    response.writeHead(isStopping ? 503 : 200).end(isStopping ? 'stopping' : 'ready')
    return
  }
  if (request.headers['x-call-id'] === undefined) return refuse(request, response, 403, 'Call it through the gateway.')
  if (!verbs.has(request.method ?? '')) return refuse(request, response, 405, 'Programs are not called by this verb.')
  forkForCall(request, response, settings)
})

/** A page in a browser on this machine reaches every port of its loopback; it can neither use our name nor our headers. */
function whyRefused(request: IncomingMessage): [number, string] | undefined {
  return isLoopbackHost(request.headers.host) ? undefined : [421, 'This function is reached through its gateway.']
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${reason}\n`)
  request.resume()
}

function stop(): void {
  if (isStopping) return
  isStopping = true
  void draining.stop().then(() => process.exit(0))
}

const draining = drainable(server)
endOrphans(settings.secretsFolder)
server.requestTimeout = 0
server.headersTimeout = 30_000
server.keepAliveTimeout = 75_000
server.listen(Number(process.env['port']), '127.0.0.1')
process.on('SIGTERM', stop)
// The gateway holds the other end: when it dies, its calls are cut, and so their programs end.
process.stdin.resume().on('end', stop).on('error', stop)
