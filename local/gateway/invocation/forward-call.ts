import { request as httpRequest, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Replica, ReplicaProcess } from '../functions/replica.ts'
import { callHeaders, headersToCaller, headersToFunction, type CallTimes } from './forwarded-headers.ts'
import { letGoOfBody } from './let-go-of-body.ts'
import { sendBody } from './send-body.ts'

export type Call = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly prefix: string
  readonly times: CallTimes
  readonly execTimeoutMs: number
  /** How long its body may pause before the function has begun to answer. */
  readonly bodyPauseMs: number
}

/** The longest Node's timers can wait, 24 days. */
const longestTimerMs = 2 ** 31 - 1
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS'])

/** A body up to this size that is there as a whole goes with the head in one piece, and can be given to another replica. */
const smallBodyBytes = 32 * 1024
/** Sockets are closed a moment before the kernel counts their process as dead. */
const dyingMs = 500

/**
 * Passes a call on to a replica and its answer back, both as they come. There is no time limit but the function's own
 * `exec_timeout`, no buffer, and no second try once a function may have begun. When either side goes, so does the other.
 * `onUnreached` is told where the call reached nobody, with the body that was taken already: another replica may have it.
 */
export function forwardCall(
  call: Call,
  replica: Replica,
  onUnreached: (body: Buffer | undefined) => void,
  takenBody?: Buffer,
): void {
  const { request, response } = call
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const sent = ask(call, replica)
  const serving = replica.process()
  let [isOver, hasSent] = [false, false]
  let endWatch: () => void = () => undefined
  let body = takenBody
  replica.inFlight += 1

  /** From here on nothing counts that happens to what was sent. */
  const release = () => {
    isOver = true
    clearTimeout(timer)
    endWatch()
    replica.inFlight -= 1
    response.off('close', closed)
    request.unpipe(sent)
  }
  const fail = (status: number, reason: string) => {
    release()
    sent.destroy()
    if (response.headersSent) return void response.destroy()
    const headers = ['Content-Type', 'text/plain; charset=utf-8', ...callHeaders(call.times, seconds())]
    response.writeHead(status, headers).end(reason)
    letGoOfBody(request)
  }
  const closed = () => {
    release()
    // Closed before the answer was whole: the caller has gone, so nobody needs it any more. Or answered unread: likewise.
    if (!response.writableFinished || !request.complete) sent.destroy()
    letGoOfBody(request)
  }
  const timer = setTimeout(
    () => fail(504, `The function took longer than its limit of ${call.execTimeoutMs / 1000} s.\n`),
    Math.min(call.execTimeoutMs, longestTimerMs),
  )
  const paused = () => fail(408, `The rest of the body did not come within ${call.bodyPauseMs / 1000} s.\n`)
  response.once('close', closed)

  // Not a byte is sent, and none of the body taken, before it is known that somebody listens: else another replica has it.
  sent.once('socket', (socket) => {
    const begin = () => {
      if (isOver) return
      if (serving?.isAlive() !== true) return void sent.destroy(new Error('its process has just died'))
      hasSent = true
      if (!hasBody(request)) return void sent.end()
      body ??= wholeSmallBody(request)
      if (body !== undefined) return void sent.end(body)
      sent.flushHeaders()
      endWatch = sendBody(request, sent, call.bodyPauseMs, paused)
    }
    if (socket.connecting) socket.once('connect', begin)
    else begin()
  })
  sent.once('response', (answer) => {
    endWatch()
    answer.once('error', () => response.destroy())
    response.writeHead(answer.statusCode ?? 502, headersToCaller(answer, call.times, seconds()))
    response.flushHeaders()
    answer.pipe(response)
  })
  const failed = async (error: NodeJS.ErrnoException): Promise<void> => {
    if (isOver || response.destroyed || response.writableEnded) return
    if (error.code === 'ECONNREFUSED') replica.refused()
    const isInOnePiece = !hasBody(request) || body !== undefined
    const isUnreached = !response.headersSent && (!hasSent || (await reachedNobody(error, sent, serving, isInOnePiece)))
    if (isOver || response.destroyed) return
    if (!isUnreached) return fail(502, `The function could not be reached or broke off: ${error.message}\n`)
    release()
    onUnreached(body)
  }
  sent.on('error', (error) => void failed(error))
}

/**
 * Of a call that was sent: its process died with the call unread, which the kernel tells by resetting the connection (that
 * of one that died after reading closes in order); or a living one closed a kept connection just then, and nothing is
 * changed by asking again.
 */
async function reachedNobody(
  error: NodeJS.ErrnoException,
  sent: ClientRequest,
  serving: ReplicaProcess | undefined,
  isInOnePiece: boolean,
): Promise<boolean> {
  if (sent.reusedSocket && repeatable.has(sent.method) && isInOnePiece && serving?.isAlive() === true) return true
  const isReset = (error.code === 'ECONNRESET' || error.code === 'EPIPE') && error.syscall !== undefined
  if (!isReset || !isInOnePiece) return false
  for (const deadline = performance.now() + dyingMs; performance.now() < deadline; await delay(5)) {
    if (serving?.isAlive() !== true) return true
  }
  return false
}

function wholeSmallBody(request: IncomingMessage): Buffer | undefined {
  if (!request.complete || request.readableLength > smallBodyBytes) return undefined
  return (request.read() as Buffer | null) ?? Buffer.alloc(0)
}

function ask({ request, times, prefix, path }: Call, replica: Replica): ClientRequest {
  const port = replica.port()
  return httpRequest({
    host: '127.0.0.1',
    port,
    agent: replica.agent,
    method: request.method,
    path,
    headers: headersToFunction(request, times, prefix, port),
    setHost: false,
  })
}

function hasBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length']
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}
