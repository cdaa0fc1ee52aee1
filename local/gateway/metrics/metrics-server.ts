import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isLoopbackHost } from '#function-server/is-loopback-host.ts'
import type { InvocationMetrics } from './invocation-metrics.ts'

export type MetricsServer = { readonly port: number; stop(): void }

/**
 * `/metrics` on a port of its own, as OpenFaaS has it: on loopback, without credentials. A port that is taken is no reason
 * not to start: then any free one is taken.
 */
export async function serveMetrics(metrics: InvocationMetrics, port: number): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = 'text/plain; charset=utf-8') =>
      response.writeHead(status, { 'Content-Type': type }).end(text)
    if (!isLoopbackHost(request.headers.host)) return void answer(421, 'Metrics are read as 127.0.0.1 or localhost.\n')
    if (request.url?.split('?')[0] !== '/metrics') return void answer(404, 'Metrics are at /metrics.\n')
    if (request.method !== 'GET' && request.method !== 'HEAD') return void answer(405, 'Metrics are read by GET.\n')
    metrics.text().then(
      (text) => answer(200, text, metrics.contentType),
      (fault: unknown) => answer(500, `${String(fault)}\n`),
    )
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  const listening = (await listens(server, port)) || (await listens(server, 0))
  if (!listening) throw new Error('no port was found for /metrics')
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function listens(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
}
