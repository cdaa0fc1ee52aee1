import type { FunctionStatus } from './function-status.ts'

/** Places cost the broker a consumer each. */
const most = 1_000

const limitIn = (texts: Readonly<Record<string, string>>): number | null => {
  const text = texts['max_inflight']?.trim() ?? ''
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  // The watchdog reads 0 as "no limit", which says nothing about how many it can work on.
  return limit > 0 ? limit : null
}

/** How many calls one replica works on at once: its `max_inflight` by environment, annotation or label, else 1. */
export const inFlightLimitOf = (status: FunctionStatus): number =>
  limitIn(status.envVars) ?? limitIn(status.annotations) ?? limitIn(status.labels) ?? 1

/**
 * How many messages to take at once for these functions: what their available replicas can work on. At least one, since an
 * invocation is what wakes a function that was scaled to nothing.
 */
export const messagesAtOnce = (functions: readonly FunctionStatus[]): number => {
  const capacity = functions.reduce(
    (sum, status) => sum + Math.max(0, Math.floor(status.availableReplicas)) * inFlightLimitOf(status),
    0,
  )
  return Math.min(Math.max(capacity, 1), most)
}
