import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { defaultNamespace } from '../functions/deployment.ts'

/** What Prometheus is told of the functions' calls, by the names and labels of OpenFaaS' gateway. */
export type InvocationMetrics = {
  began(functionName: string): void
  ended(functionName: string, status: number, seconds: number): void
  /** Prometheus' text. */
  text(): Promise<string>
  readonly contentType: string
}

const bucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600]

export function openInvocationMetrics(
  replicas: () => readonly { readonly name: string; readonly replicas: number }[],
): InvocationMetrics {
  const registry = new Registry()
  const registers = [registry]
  const started = new Counter({
    name: 'gateway_function_invocation_started',
    help: 'Calls that began.',
    labelNames: ['function_name'],
    registers,
  })
  const total = new Counter({
    name: 'gateway_function_invocation_total',
    help: 'Calls that ended, by their status.',
    labelNames: ['function_name', 'code'],
    registers,
  })
  const durations = new Histogram({
    name: 'gateway_functions_seconds',
    help: 'Time a call took.',
    labelNames: ['function_name', 'code'],
    buckets: bucketsSeconds,
    registers,
  })
  new Gauge({
    name: 'gateway_service_count',
    help: 'Replicas of a function.',
    labelNames: ['function_name'],
    registers,
    collect() {
      this.reset()
      for (const one of replicas()) this.set({ function_name: fullName(one.name) }, one.replicas)
    },
  })
  return {
    began: (name) => started.inc({ function_name: fullName(name) }),
    ended: (name, status, seconds) => {
      const labels = { function_name: fullName(name), code: String(status) }
      total.inc(labels)
      durations.observe(labels, seconds)
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function fullName(name: string): string {
  return `${name}.${defaultNamespace}`
}
