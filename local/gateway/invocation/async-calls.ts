import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Destination } from './find-destination.ts'
import { beginCall } from './forwarded-headers.ts'

const [largestBodyBytes, largestQueue, atATime] = [1024 * 1024, 1_000, 10]

type Answer = { readonly status: number; readonly body: Buffer; readonly seconds: number }

/**
 * Calls answered with 202 at once and made afterwards, in memory only: nothing of ours depends on them. Each goes
 * through the gateway like any other call; where the caller named an `X-Callback-Url`, the answer is sent there.
 */
export function openAsyncCalls(gatewayPort: () => number): {
  accept(request: IncomingMessage, response: ServerResponse, destination: Destination): Promise<void>
} {
  const waiting: (() => Promise<void>)[] = []
  let running = 0
  const next = () => {
    const work = running < atATime ? waiting.shift() : undefined
    if (work === undefined) return
    running += 1
    void work().finally(() => {
      running -= 1
      next()
    })
  }
  return {
    accept: async (request, response, destination) => {
      const refuse = (status: number, reason: string) => response.writeHead(status).end(`${reason}\n`)
      if (request.method !== 'POST') return void refuse(405, 'Asynchronous calls are made by POST.')
      const callback = request.headers['x-callback-url']
      if (callback !== undefined && !isHttpUrl(String(callback))) return void refuse(400, 'X-Callback-Url is no URL.')
      if (waiting.length >= largestQueue) return void refuse(429, 'Too many calls are waiting. Try again later.')
      const body = await readBody(request)
      if (body === undefined) return void refuse(413, `The body is larger than ${largestBodyBytes} bytes.`)
      const { callId } = beginCall(request)
      waiting.push(async () => {
        const path = `/function/${destination.functionName}${destination.path}`
        const headers = { 'content-type': request.headers['content-type'] ?? 'text/plain', 'x-call-id': callId }
        const answer = await post(new URL(`http://127.0.0.1:${gatewayPort()}${path}`), headers, body)
        if (callback === undefined) return
        await post(new URL(String(callback)), callbackHeaders(destination.functionName, callId, answer), answer.body)
      })
      response.writeHead(202, { 'X-Call-Id': callId }).end()
      next()
    },
  }
}

function callbackHeaders(functionName: string, callId: string, answer: Answer): OutgoingHttpHeaders {
  return {
    'X-Call-Id': callId,
    'X-Function-Name': functionName,
    'X-Function-Status': String(answer.status),
    'X-Duration-Seconds': answer.seconds.toFixed(6),
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size <= largestBodyBytes) chunks.push(bytes)
  }
  return size > largestBodyBytes ? undefined : Buffer.concat(chunks)
}

/** Never fails: who cannot be reached has answered 502. */
function post(url: URL, headers: OutgoingHttpHeaders, body: Buffer): Promise<Answer> {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve({ status: 502, body: Buffer.from(error.message), seconds: seconds() })
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const sent = send(url, { method: 'POST', headers: { ...headers, 'content-length': body.length } }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.once('error', failed)
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 502, body: Buffer.concat(chunks), seconds: seconds() }),
      )
    })
    sent.once('error', failed)
    sent.end(body)
  })
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
