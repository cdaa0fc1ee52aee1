import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Call = {
  readonly functionName: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly answer: (status: number, body?: string) => void
  /** Ends the connection without an answer. */
  readonly cut: () => void
}

/**
 * A gateway as `reference/openfaas.md` describes it, in its outward behaviour: lists the functions it is given and leaves the answers to
 * the test.
 */
export const openScriptedGateway = async (options: {
  readonly functions: () => readonly object[]
  readonly onCall: (call: Call) => void
  readonly credentials?: string
}) => {
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    const url = new URL(request.url ?? '/', 'http://gateway')
    const answer = (status: number, content = ''): void => void response.writeHead(status).end(content)
    if (url.pathname.startsWith('/system/')) {
      const expected = options.credentials && `Basic ${Buffer.from(options.credentials).toString('base64')}`
      if (expected && request.headers.authorization !== expected) return answer(401, 'invalid credentials')
      if (url.pathname === '/system/namespaces') return answer(200, '["openfaas-fn"]')
      if (url.pathname === '/system/functions' && url.searchParams.get('namespace') === 'openfaas-fn') {
        return answer(200, JSON.stringify(options.functions()))
      }
    }
    const functionName = /^\/function\/([^/]+)$/.exec(url.pathname)?.[1]
    if (functionName === undefined || request.method !== 'POST') return answer(404)
    response.setHeader('x-call-id', 'call-1')
    options.onCall({ functionName, headers: request.headers, body, answer, cut: () => void response.destroy() })
  }

  const listen = async (port: number) => {
    const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()))
    server.requestTimeout = 0
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    return server
  }

  let server = await listen(0)
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}`,
    close,
    /** Comes back at the same address. */
    async reopen(): Promise<void> {
      server = await listen(port)
    },
  }
}

/** A function as the gateway lists it. */
export const listedFunction = (name: string, topic: string, more: object = {}): object => ({
  name,
  namespace: 'openfaas-fn',
  image: `${name}:latest`,
  replicas: 1,
  availableReplicas: 1,
  invocationCount: 0,
  annotations: { topic },
  labels: { faas_function: name },
  ...more,
})
