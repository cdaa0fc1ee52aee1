import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DeployedFunction } from '../functions/deployed-function.ts'
import type { FunctionRegistry } from '../functions/function-registry.ts'
import type { Destination } from './find-destination.ts'
import { forwardCall } from './forward-call.ts'
import { beginCall, callHeaders } from './forwarded-headers.ts'

const verbs = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])
/** How long a call waits for a function that was scaled to zero. */
const wakeMs = 30_000

/** Gives a call to the function it is meant for, or says in the answer why not. */
export async function invoke(
  request: IncomingMessage,
  response: ServerResponse,
  destination: Destination,
  registry: FunctionRegistry,
): Promise<void> {
  const times = beginCall(request)
  const began = performance.now()
  const refuse = (status: number, reason: string) => {
    const headers = ['Content-Type', 'text/plain; charset=utf-8']
    const seconds = (performance.now() - began) / 1000
    response.writeHead(status, [...headers, ...callHeaders(times, seconds)]).end(`${reason}\n`)
    request.resume()
  }
  if (!verbs.has(request.method ?? '')) return refuse(405, `Functions are not called by ${request.method}.`)
  const called = registry.find(destination.functionName)
  if (called === undefined) return refuse(404, `There is no function "${destination.functionName}" here.`)
  called.countInvocation()
  if (called.desiredReplicas() === 0 && !(await wake(called, destination, registry, response))) {
    return refuse(503, `The function ${destination.functionName} is scaled to zero and did not start in time.`)
  }
  const choice = called.choose()
  switch (choice.kind) {
    case 'none':
      return refuse(503, `No replica of the function ${destination.functionName} is ready.`)
    case 'full':
      return refuse(
        429,
        `All replicas of the function ${destination.functionName} are at their limit. Try again later.`,
      )
    case 'replica':
      return forwardCall({
        request,
        response,
        ...destination,
        times,
        execTimeoutMs: called.limits().execTimeoutMs,
        replica: choice.replica,
      })
  }
}

async function wake(
  called: DeployedFunction,
  destination: Destination,
  registry: FunctionRegistry,
  response: ServerResponse,
): Promise<boolean> {
  registry.scale(destination.functionName, Math.max(1, called.limits().replicas.least))
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  return await called.becomesReady(AbortSignal.any([gone.signal, AbortSignal.timeout(wakeMs)]))
}
