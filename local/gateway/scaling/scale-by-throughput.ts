import type { FunctionRegistry } from '../functions/function-registry.ts'
import { nextThroughput, noThroughput, scaledReplicas, type Throughput, type ThroughputRule } from './throughput.ts'

/** A line in a function's log. */
type Say = (functionName: string, text: string) => void

/**
 * Looks at every function's answers, once for each call of it: those with room between their least and most replicas get
 * more while throughput is high. A number reached this way is not kept for the next start; the least is.
 */
export function scalesByThroughput(
  registry: FunctionRegistry,
  rule: ThroughputRule,
  say: Say,
): (nowMs: number) => void {
  let known = new Map<string, Throughput>()
  return (nowMs) => {
    const next = new Map<string, Throughput>()
    for (const deployed of registry.all()) {
      const name = deployed.deployment().service
      const { replicas: bounds, scalingStep: step } = deployed.limits()
      if (step === 0) continue
      const reading = { atMs: nowMs, successes: deployed.successes() }
      const { throughput, scale } = nextThroughput(known.get(name) ?? noThroughput, reading, rule)
      next.set(name, throughput)
      const before = deployed.desiredReplicas()
      const wanted = scaledReplicas(scale, before, { ...bounds, step })
      if (wanted === before) continue
      say(
        name,
        `scaled from ${before} to ${wanted}: ${wanted > before ? 'throughput is high' : 'throughput is low again'}`,
      )
      if (wanted > before) deployed.scale(wanted)
      else registry.scale(name, wanted)
    }
    known = next
  }
}
