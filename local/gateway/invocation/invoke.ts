import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DeployedFunction } from '../functions/deployed-function.ts'
import type { FunctionRegistry } from '../functions/function-registry.ts'
import type { InvocationMetrics } from '../metrics/invocation-metrics.ts'
import type { Destination } from './find-destination.ts'
import { forwardCall, type Call } from './forward-call.ts'
import { beginCall, callHeaders } from './forwarded-headers.ts'
import { refuseCall } from './refuse-call.ts'

const verbs = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])
/** How long a call waits for a function that was scaled to zero. */
const wakeMs = 30_000
/** How many replicas a call is given to that reached none of them. */
const mostTries = 5
/** What is measured of a call whose caller went before the answer began. */
const callerHasGone = 499

export type Invocations = {
  readonly registry: FunctionRegistry
  readonly metrics: InvocationMetrics
  readonly bodyPauseMs: number
}

/** Gives a call to the function it is meant for, or says in the answer why not. */
export async function invoke(
  request: IncomingMessage,
  response: ServerResponse,
  destination: Destination,
  { registry, metrics, bodyPauseMs }: Invocations,
): Promise<void> {
  const name = destination.functionName
  const times = beginCall(request)
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const refuse = (status: number, reason: string) =>
    refuseCall(request, response, status, reason, callHeaders(times, seconds()))
  if (!verbs.has(request.method ?? '')) return refuse(405, `Functions are not called by ${request.method}.`)
  const called = registry.find(name)
  if (called === undefined) return refuse(404, `There is no function "${name}" here.`)

  called.countInvocation()
  metrics.began(name)
  response.once('close', () => {
    const status = response.headersSent ? response.statusCode : callerHasGone
    called.countAnswer(status)
    metrics.ended(name, status, seconds())
  })

  if (called.desiredReplicas() === 0) registry.scale(name, Math.max(1, called.limits().replicas.least))
  if (called.isWaking() && !(await becomesReady(called, response))) {
    return refuse(503, `The function ${name} was scaled to zero and did not start in time.`)
  }
  const { execTimeoutMs } = called.limits()
  const call: Call = { request, response, ...destination, times, execTimeoutMs, bodyPauseMs }
  const give = (triesLeft: number, body?: Buffer): void => {
    const choice = called.choose()
    switch (choice.kind) {
      case 'none':
        return refuse(503, `No replica of the function ${name} is ready.`)
      case 'full':
        return refuse(429, `All replicas of the function ${name} are at their limit. Try again later.`)
      case 'replica':
        if (triesLeft === 0) return refuse(503, `The replicas of the function ${name} take no calls.`)
        return forwardCall(call, choice.replica, (taken) => give(triesLeft - 1, taken), body)
    }
  }
  give(mostTries)
}

async function becomesReady(called: DeployedFunction, response: ServerResponse): Promise<boolean> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return await called.becomesReady(AbortSignal.any([gone.signal, AbortSignal.timeout(wakeMs)]))
}
