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
}

export type InvocationResult = {
  readonly event: Extract<Event, { kind: 'answered' | 'unreached' | 'cut' }>
  readonly callId: string | null
  /** The beginning of the answer. */
  readonly text: string
}

const longestText = 4_096

/**
 * Calls a function through the gateway and waits for its answer, for hours if need be: Node's `fetch` would give up after 300 s. Each call
 * has a connection of its own, so that "refused" and "cut" are never mistaken for each other. Never rejects.
 */
export const invokeFunction = (invocation: Invocation): Promise<InvocationResult> =>
  new Promise((resolve) => {
    const isSecure = invocation.gatewayUrl.startsWith('https:')
    let isConnected = false
    const finish = (result: InvocationResult): void => {
      clearTimeout(limit)
      invocation.signal.removeEventListener('abort', cut)
      resolve(result)
    }
    const failed = (fault: NodeJS.ErrnoException): void => {
      const reason = fault.message || fault.code || 'the connection failed'
      finish({ event: { kind: isConnected ? 'cut' : 'unreached', reason }, callId: null, text: '' })
    }
    const call = (isSecure ? requestHttps : requestHttp)(
      `${invocation.gatewayUrl}/function/${invocation.functionName}`,
      {
        method: 'POST',
        agent: false,
        headers: {
          'content-type': invocation.contentType,
          'content-length': Buffer.byteLength(invocation.body),
          'x-connector': 'activemq-connector',
          'x-topic': invocation.topic,
          'x-message-id': invocation.messageId,
        },
      },
      (answer) => {
        const parts: Buffer[] = []
        let keptBytes = 0
        answer.on('data', (part: Buffer) => {
          const kept = part.subarray(0, longestText - keptBytes)
          keptBytes += kept.length
          if (kept.length > 0) parts.push(kept)
        })
        answer.on('error', failed)
        answer.on('end', () => {
          const callId = answer.headers['x-call-id']
          finish({
            event: { kind: 'answered', status: answer.statusCode ?? 0 },
            callId: typeof callId === 'string' ? callId : null,
            text: Buffer.concat(parts).toString(),
          })
        })
      },
    )
    const cut = (): void => void call.destroy(new Error('the connector is stopping'))
    const limit = setTimeout(
      () => call.destroy(new Error(`it took longer than ${invocation.timeoutMs / 1000} s`)),
      invocation.timeoutMs,
    )
    invocation.signal.addEventListener('abort', cut)
    call.on('error', failed)
    // A host that vanishes without a word is noticed by TCP itself.
    call.setSocketKeepAlive(true, 30_000)
    call.on('socket', (socket) => socket.once(isSecure ? 'secureConnect' : 'connect', () => (isConnected = true)))
    if (invocation.signal.aborted) cut()
    call.end(invocation.body)
  })
