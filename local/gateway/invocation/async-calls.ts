import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Destination } from './find-destination.ts'
import { beginCall, headersToCallback, headersToLaterCall } from './forwarded-headers.ts'
import { postWhole, type Answer } from './post-whole.ts'
import { refuseCall } from './refuse-call.ts'
import { takeBody } from './take-body.ts'
import { openWorkQueue } from './work-queue.ts'

export type AsyncLimits = {
  /** Calls made at a time. */
  readonly atATime: number
  /** Calls waiting to be made; further ones get 429. */
  readonly mostWaiting: number
  readonly largestBodyBytes: number
  /** An answer longer than this is not kept for the callback. */
  readonly largestAnswerBytes: number
  /** Bodies and answers kept, all together. */
  readonly mostHeldBytes: number
  /** How long a caller may take to send the body, and a callback to take the answer. */
  readonly bodyMs: number
  readonly callbackMs: number
}

const mebibyte = 1024 * 1024
export const usualAsyncLimits: AsyncLimits = {
  atATime: 10,
  mostWaiting: 1_000,
  largestBodyBytes: mebibyte,
  largestAnswerBytes: mebibyte,
  mostHeldBytes: 64 * mebibyte,
  bodyMs: 60_000,
  callbackMs: 30_000,
}

export type AsyncCalls = {
  accept(request: IncomingMessage, response: ServerResponse, destination: Destination): Promise<void>
  /** Waits for what is under way or waiting, no longer than so long; tells how many calls are then lost. */
  finish(withinMs: number): Promise<number>
}

/**
 * Calls answered with 202 at once and made afterwards, in memory only: nothing of ours depends on them. Each goes
 * through the gateway like any other call; where the caller named an `X-Callback-Url`, the answer is sent there, and
 * whoever is slow to take it keeps no other call waiting.
 */
export function openAsyncCalls(options: {
  readonly gatewayPort: () => number
  readonly isKnown: (functionName: string) => boolean
  /** A line in a function's log. */
  readonly say: (functionName: string, text: string) => void
  readonly limits: AsyncLimits
}): AsyncCalls {
  const { limits, say } = options
  const queue = openWorkQueue(limits)
  let [heldBytes, unfinished] = [0, 0]

  const callBack = async (name: string, url: URL, callId: string, answer: Answer): Promise<void> => {
    if (heldBytes + answer.body.length > limits.mostHeldBytes) {
      return say(name, `the answer of call ${callId} is lost: too many answers wait for ${url.host} and others`)
    }
    heldBytes += answer.body.length
    const sent = { headers: headersToCallback(name, callId, answer), body: answer.body }
    const taken = await postWhole(url, sent, { timeoutMs: limits.callbackMs, largestAnswerBytes: mebibyte })
    heldBytes -= answer.body.length
    if (taken.status >= 400) say(name, `the callback of call ${callId} to ${url.host} failed: ${taken.status}`)
  }

  return {
    accept: async (request, response, destination) => {
      const name = destination.functionName
      const refuse = (status: number, reason: string) => refuseCall(request, response, status, reason)
      if (request.method !== 'POST') return refuse(405, 'Asynchronous calls are made by POST.')
      if (!options.isKnown(name)) return refuse(404, `There is no function "${name}" here.`)
      const callback = callbackOf(request)
      if (callback === 'wrong') return refuse(400, 'X-Callback-Url is no http or https address.')
      const tooMany = 'Too many calls are waiting. Try again later.'
      const body = await takeBody(request, { largestBytes: limits.largestBodyBytes, withinMs: limits.bodyMs })
      if (body === 'too large') return refuse(413, `The body is larger than ${limits.largestBodyBytes} bytes.`)
      if (body === 'too slow') return refuse(408, `The body did not come within ${limits.bodyMs / 1000} s.`)
      if (body === 'broken off') return void response.destroy()
      if (heldBytes + body.length > limits.mostHeldBytes) return refuse(429, tooMany)

      const times = beginCall(request)
      const url = new URL(`http://127.0.0.1:${options.gatewayPort()}/function/${name}${destination.path}`)
      const sent = { headers: headersToLaterCall(request, times), body }
      const isAccepted = queue.add(async () => {
        const answer = await postWhole(url, sent, { largestAnswerBytes: limits.largestAnswerBytes })
        heldBytes -= body.length
        if (callback === undefined) unfinished -= 1
        else void callBack(name, callback, times.callId, answer).finally(() => (unfinished -= 1))
      })
      if (!isAccepted) return refuse(429, tooMany)
      heldBytes += body.length
      unfinished += 1
      response.writeHead(202, { 'X-Call-Id': times.callId }).end()
    },
    finish: async (withinMs) => {
      const patience = AbortSignal.timeout(withinMs)
      while (unfinished > 0 && !patience.aborted) await new Promise((resolve) => setTimeout(resolve, 20))
      return unfinished
    },
  }
}

function callbackOf(request: IncomingMessage): URL | undefined | 'wrong' {
  const given = request.headers['x-callback-url']
  if (given === undefined) return undefined
  const url = URL.parse(String(given))
  return url !== null && /^https?:$/.test(url.protocol) ? url : 'wrong'
}
