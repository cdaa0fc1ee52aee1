import type { Deployment } from './deployment.ts'

/** What stack.yml states about how a function is called, started, scaled and ended. */
export type FunctionLimits = {
  /** The longest a call may take; Infinity where it is 0. */
  readonly execTimeoutMs: number
  /** Calls at a time per replica; Infinity where unset. */
  readonly maxInFlight: number
  readonly replicas: { readonly least: number; readonly most: number }
  /** How many replicas more at a time while throughput is high; 0 where the number of replicas is the operator's alone. */
  readonly scalingStep: number
  readonly readyPath: string
  readonly healthPath: string
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number
}

/** The template's own default, so that a function behaves here as it does under of-watchdog. */
const execTimeoutDefault = '60s'
/** What Kubernetes gives. */
const graceDefault = '30s'
/** OpenFaaS' own: what its Community Edition allows, and a fifth of it at a time. */
const [mostDefault, factorDefault] = [5, 20]

/**
 * Reads them from where OpenFaaS has them: the watchdog's environment, scaling labels, probe annotations.
 * @throws {Error} with a sentence naming the setting
 */
export function functionLimits(deployment: Deployment): FunctionLimits {
  const { envVars = {}, labels = {}, annotations = {} } = deployment
  const least = wholeNumber(labels, 'com.openfaas.scale.min', 1)
  const most = Math.max(least, wholeNumber(labels, 'com.openfaas.scale.max', mostDefault))
  const factor = wholeNumber(labels, 'com.openfaas.scale.factor', factorDefault)
  if (factor > 100) throw new Error(`com.openfaas.scale.factor is "${factor}": a number from 0 to 100 was expected`)
  return {
    execTimeoutMs: duration(envVars, 'exec_timeout', execTimeoutDefault) || Infinity,
    maxInFlight: wholeNumber(envVars, 'max_inflight', 0) || Infinity,
    replicas: { least, most },
    scalingStep: least === most ? 0 : Math.ceil((most * factor) / 100),
    readyPath: annotations['com.openfaas.ready.http.path'] ?? envVars['ready_path'] ?? '/_/ready',
    healthPath: annotations['com.openfaas.health.http.path'] ?? '/_/health',
    graceMs: duration(envVars, 'grace_period', graceDefault),
  }
}

/** Go's durations (`1h30m`, `500ms`), and, as of-watchdog allows, a bare number of seconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)].reduce(
    (sum, [, count = '', unit = '']) => sum + Number(count) * (units[unit] ?? 0),
    0,
  )
}

function duration(settings: Readonly<Record<string, string>>, name: string, byDefault: string): number {
  const text = settings[name] || byDefault
  const parsed = parseDuration(text)
  if (parsed === undefined) throw new Error(`${name} is "${text}": a duration such as "30s" or "2h" was expected`)
  return parsed
}

function wholeNumber(settings: Readonly<Record<string, string>>, name: string, byDefault: number): number {
  const text = settings[name] || String(byDefault)
  if (!/^\d+$/.test(text)) throw new Error(`${name} is "${text}": a whole number was expected`)
  return Number(text)
}
