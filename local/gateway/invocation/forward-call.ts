import { request as httpRequest, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Replica } from '../functions/replica.ts'
import { callHeaders, headersToCaller, headersToFunction, type CallTimes } from './forwarded-headers.ts'

export type Call = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly replica: Replica
  readonly path: string
  readonly prefix: string
  readonly times: CallTimes
  readonly execTimeoutMs: number
}

/** The longest Node's timers can wait, 24 days. */
const longestTimerMs = 2 ** 31 - 1

/**
 * Passes a call on to a replica and its answer back, both as they come. There is no time limit but the function's own
 * `exec_timeout`, no buffer, and no second try once a function may have begun. When either side goes, so does the other.
 */
export function forwardCall(call: Call): void {
  const { response, replica } = call
  const began = performance.now()
  let [isTimeUp, upstream]: [boolean, ClientRequest | undefined] = [false, undefined]
  const timer = setTimeout(
    () => {
      isTimeUp = true
      fail(504, `The function took longer than its limit of ${call.execTimeoutMs / 1000} s.\n`)
      upstream?.destroy()
    },
    Math.min(call.execTimeoutMs, longestTimerMs),
  )
  const seconds = () => (performance.now() - began) / 1000

  const fail = (status: number, reason: string) => {
    if (response.headersSent) {
      response.destroy()
      return
    }
    const headers = ['Content-Type', 'text/plain; charset=utf-8', ...callHeaders(call.times, seconds())]
    response.writeHead(status, headers).end(reason)
  }

  replica.inFlight += 1
  response.once('close', () => {
    clearTimeout(timer)
    replica.inFlight -= 1
    // Closed before the answer was whole: the caller has gone, so nobody needs it any more.
    if (!response.writableFinished) upstream?.destroy()
  })

  const send = (isSecondTry: boolean) => {
    const sent = ask(call)
    upstream = sent
    sent.once('response', (answer) => {
      answer.once('error', () => response.destroy())
      response.writeHead(answer.statusCode ?? 502, headersToCaller(answer, call.times, seconds()))
      response.flushHeaders()
      answer.pipe(response)
    })
    sent.on('error', (error: NodeJS.ErrnoException) => {
      if (isTimeUp || response.destroyed || response.writableEnded) return
      // A kept connection that the function closed at the same moment: it has not seen the call.
      if (sent.reusedSocket && !isSecondTry && !response.headersSent && !hasBody(call.request)) return send(true)
      if (error.code === 'ECONNREFUSED') replica.refused()
      fail(502, `The function could not be reached or broke off: ${error.message}\n`)
    })
  }
  send(false)
}

function ask(call: Call): ClientRequest {
  const { request, replica } = call
  const port = replica.port()
  const sent = httpRequest({
    host: '127.0.0.1',
    port,
    agent: replica.agent,
    method: request.method,
    path: call.path,
    headers: headersToFunction(request, call.times, call.prefix, port),
    setHost: false,
  })
  if (hasBody(request)) {
    sent.flushHeaders()
    request.pipe(sent)
    // A function may answer without reading everything: the rest is read away, so that the connection can go on.
    sent.once('close', () => {
      request.unpipe(sent)
      request.resume()
    })
  } else {
    sent.end()
  }
  return sent
}

function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}
