import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Event } from './what-becomes-of-a-message.ts'

export type Invocation = {
  readonly gatewayUrl: string
  /** `NAME.NAMESPACE`. */
  readonly functionName: string
  readonly topic: string
  readonly body: string
  readonly contentType: string
  readonly messageId: string
  readonly timeoutMs: number
  /** Cuts the call. */
  readonly signal: AbortSignal
  /** Shorter in tests. */
  readonly connectMs?: number
  readonly keepAliveMs?: number
}

export type InvocationResult = {
  readonly event: Extract<Event, { kind: 'answered' | 'unreached' | 'cut' }>
  /** The function's own answer for sure: the gateway and the watchdog say how long it took. */
  readonly isByFunction: boolean
  readonly callId: string | null
  /** The beginning of the answer. */
  readonly text: string
  readonly seconds: number
}

const longestText = 4_096

/** The gateway itself, or the watchdog, says these of a function that has not seen the call. */
const refusals = new Set([429, 503])

/** A header holds printable ASCII; a queue's name and a message's headers may hold anything. */
const headerText = (text: string): string => text.toWellFormed().replace(/[^\x20-\x7e]+/g, encodeURIComponent)

/**
 * Calls a function through the gateway and waits for its answer, for hours if need be: Node's `fetch` would give up after 300 s. Each call
 * has a connection of its own, so that "refused" and "cut" are never mistaken for each other. Never rejects.
 *
 * Once connected nothing ends a call but its answer, its limit, or TCP: a peer that has vanished without a word answers no more probes, the first
 * after 30 s, then ten more a second apart.
 */
export const invokeFunction = (invocation: Invocation): Promise<InvocationResult> =>
  new Promise((resolve) => {
    const { gatewayUrl, functionName, body, signal, timeoutMs, connectMs = 10_000, keepAliveMs = 30_000 } = invocation
    const isSecure = gatewayUrl.startsWith('https:')
    const beganAtMs = performance.now()
    let isConnected = false
    const finish = (result: Omit<InvocationResult, 'seconds'>): void => {
      clearTimeout(limit)
      clearTimeout(connectLimit)
      signal.removeEventListener('abort', cut)
      resolve({ ...result, seconds: (performance.now() - beganAtMs) / 1_000 })
    }
    const failed = (fault: NodeJS.ErrnoException): void => {
      const reason = fault.message || fault.code || 'the connection failed'
      const kind = isConnected ? 'cut' : 'unreached'
      finish({ event: { kind, reason }, isByFunction: false, callId: null, text: '' })
    }
    const call = (isSecure ? requestHttps : requestHttp)(
      `${gatewayUrl}/function/${encodeURIComponent(functionName)}`,
      {
        method: 'POST',
        agent: false,
        headers: {
          'content-type': headerText(invocation.contentType),
          'content-length': Buffer.byteLength(body),
          'x-connector': 'activemq-connector',
          'x-topic': headerText(invocation.topic),
          'x-message-id': headerText(invocation.messageId),
        },
      },
      (answer) => {
        const parts: Buffer[] = []
        let keptBytes = 0
        const answered = (): void => {
          const { 'x-call-id': callId, 'x-duration-seconds': took } = answer.headers
          finish({
            event: { kind: 'answered', status: answer.statusCode ?? 0 },
            isByFunction: took !== undefined,
            callId: typeof callId === 'string' ? callId : null,
            text: Buffer.concat(parts).toString(),
          })
        }
        answer.on('data', (part: Buffer) => {
          const kept = part.subarray(0, longestText - keptBytes)
          keptBytes += kept.length
          if (kept.length > 0) parts.push(kept)
        })
        // A refusal is known by its first line, even if the rest breaks off: nobody has worked on the message.
        answer.on('error', refusals.has(answer.statusCode ?? 0) ? answered : failed)
        answer.on('end', answered)
        call.off('close', closed)
      },
    )
    const closed = (): void => failed(new Error('the connection was closed'))
    const cut = (): void => void call.destroy(new Error('the connector is stopping'))
    const limit = setTimeout(() => call.destroy(new Error(`it took longer than ${timeoutMs / 1000} s`)), timeoutMs)
    const connectLimit = setTimeout(
      () => call.destroy(new Error(`no connection within ${connectMs / 1000} s`)),
      connectMs,
    )
    signal.addEventListener('abort', cut)
    call.on('error', failed)
    // Whatever else ends it without a word, such as an answer 101; once the answer has begun, that tells how it ends.
    call.on('close', closed)
    call.setSocketKeepAlive(true, keepAliveMs)
    call.on('socket', (socket) =>
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        isConnected = true
        clearTimeout(connectLimit)
      }),
    )
    if (signal.aborted) cut()
    call.end(body)
  })
