import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** Headers that speak of one connection only, and never pass a proxy (RFC 9110 §7.6.1). */
const ofOneConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
])

export type CallTimes = { readonly callId: string; readonly startedNs: bigint }

export function beginCall(request: IncomingMessage): CallTimes {
  const given = request.headers['x-call-id']
  const startedNs = BigInt(Date.now()) * 1_000_000n
  return { callId: typeof given === 'string' && given !== '' ? given : randomUUID(), startedNs }
}

/** What the function gets: the caller's headers, and who called how, in Node's flat form (name, value, name, value ...). */
export function headersToFunction(request: IncomingMessage, call: CallTimes, prefix: string, port: number): string[] {
  const made: [string, string][] = [
    ['Host', `127.0.0.1:${port}`],
    ['X-Call-Id', call.callId],
    ['X-Start-Time', String(call.startedNs)],
  ]
  const unlessGiven = (name: string, value: string) => {
    if (request.headers[name.toLowerCase()] === undefined) made.push([name, value])
  }
  unlessGiven('X-Forwarded-Host', request.headers.host ?? '')
  unlessGiven('X-Forwarded-For', request.socket.remoteAddress ?? '127.0.0.1')
  unlessGiven('X-Forwarded-Proto', 'http')
  const outer = request.headers['x-forwarded-prefix']
  made.push(['X-Forwarded-Prefix', (typeof outer === 'string' ? outer : '') + prefix])
  const replaced = new Set(['host', 'x-call-id', 'x-start-time', 'x-forwarded-prefix', 'expect'])
  return [...passing(request, replaced), ...made.flat()]
}

/** What the caller gets: the function's headers, and how long it took. Node frames the body anew. */
export function headersToCaller(answer: IncomingMessage, call: CallTimes, seconds: number): string[] {
  const replaced = new Set(['x-call-id', 'x-start-time', 'x-duration-seconds', 'transfer-encoding'])
  return [...passing(answer, replaced), ...callHeaders(call, seconds)]
}

/** Of one connection's framing, or for us alone. */
const notForLater = new Set(['host', 'content-length', 'transfer-encoding', 'expect', 'x-call-id', 'x-callback-url'])

/** What a call that is made later brings: all that the caller sent, under the name the caller was told. */
export function headersToLaterCall(request: IncomingMessage, call: CallTimes): string[] {
  return [...passing(request, notForLater), 'X-Call-Id', call.callId]
}

const ofTheCall = ['x-call-id', 'x-function-name', 'x-function-status', 'x-duration-seconds']
const notForCallbacks = new Set(['content-length', 'transfer-encoding', 'date', 'set-cookie', ...ofTheCall])

/** What a callback brings: the function's own headers, and which call it answers. */
export function headersToCallback(
  functionName: string,
  callId: string,
  answer: { readonly status: number; readonly seconds: number; readonly headers: IncomingHttpHeaders },
): string[] {
  const own = Object.entries(answer.headers).flatMap(([name, value]) =>
    typeof value !== 'string' || ofOneConnection.has(name) || notForCallbacks.has(name) ? [] : [name, value],
  )
  const call = ['X-Call-Id', callId, 'X-Function-Name', functionName, 'X-Function-Status', String(answer.status)]
  return [...own, ...call, 'X-Duration-Seconds', answer.seconds.toFixed(6)]
}

export function callHeaders(call: CallTimes, seconds: number): string[] {
  const times = ['X-Start-Time', String(call.startedNs), 'X-Duration-Seconds', seconds.toFixed(6)]
  return ['X-Call-Id', call.callId, ...times]
}

function passing(message: IncomingMessage, replaced: ReadonlySet<string>): string[] {
  const named = (message.headers.connection ?? '').toLowerCase().split(',')
  const dropped = new Set(named.map((name) => name.trim()))
  const kept: string[] = []
  for (let index = 0; index < message.rawHeaders.length; index += 2) {
    const [name = '', value = ''] = [message.rawHeaders[index], message.rawHeaders[index + 1]]
    const key = name.toLowerCase()
    if (!ofOneConnection.has(key) && !dropped.has(key) && !replaced.has(key)) kept.push(name, value)
  }
  return kept
}
