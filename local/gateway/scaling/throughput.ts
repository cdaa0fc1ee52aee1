/** When throughput calls for more replicas: the alert of OpenFaaS' Community Edition, and how often it is repeated. */
export type ThroughputRule = {
  /** More answers with 200 in a second than this ... */
  readonly perSecond: number
  /** ... on the average of so long ... */
  readonly windowMs: number
  /** ... for so long, is high. */
  readonly forMs: number
  /** While it stays high, a step more after each of these. */
  readonly againMs: number
  /** High throughput is over when it was low for so long. */
  readonly restMs: number
}

export const usualRule: ThroughputRule = {
  perSecond: 5,
  windowMs: 10_000,
  forMs: 5_000,
  againMs: 30_000,
  restMs: 10_000,
}

/** A reading of a function's counter of answers with 200. */
export type Reading = { readonly atMs: number; readonly successes: number }

type Phase =
  | { readonly kind: 'low' }
  | { readonly kind: 'rising'; readonly sinceMs: number }
  | { readonly kind: 'high'; readonly steppedAtMs: number }
  | { readonly kind: 'falling'; readonly sinceMs: number; readonly steppedAtMs: number }

export type Throughput = { readonly readings: readonly Reading[]; readonly phase: Phase }

export const noThroughput: Throughput = { readings: [], phase: { kind: 'low' } }

export type Scale = 'as it is' | 'a step more' | 'back to the least'

/** What follows from one more reading. */
export function nextThroughput(
  before: Throughput,
  reading: Reading,
  rule: ThroughputRule,
): { readonly throughput: Throughput; readonly scale: Scale } {
  const readings = [...before.readings.filter(({ atMs }) => atMs >= reading.atMs - rule.windowMs), reading]
  const counted = reading.successes - (readings[0]?.successes ?? reading.successes)
  const isHigh = (counted * 1000) / rule.windowMs > rule.perSecond
  const { phase, scale } = nextPhase(before.phase, isHigh, reading.atMs, rule)
  return { throughput: { readings, phase }, scale }
}

function nextPhase(phase: Phase, isHigh: boolean, nowMs: number, rule: ThroughputRule): { phase: Phase; scale: Scale } {
  const stay = (next: Phase) => ({ phase: next, scale: 'as it is' as const })
  const step = { phase: { kind: 'high', steppedAtMs: nowMs }, scale: 'a step more' } as const
  switch (phase.kind) {
    case 'low':
      return stay(isHigh ? { kind: 'rising', sinceMs: nowMs } : phase)
    case 'rising':
      if (!isHigh) return stay({ kind: 'low' })
      return nowMs - phase.sinceMs >= rule.forMs ? step : stay(phase)
    case 'high':
      if (!isHigh) return stay({ ...phase, kind: 'falling', sinceMs: nowMs })
      return nowMs - phase.steppedAtMs >= rule.againMs ? step : stay(phase)
    case 'falling':
      if (isHigh) return stay({ kind: 'high', steppedAtMs: phase.steppedAtMs })
      return nowMs - phase.sinceMs >= rule.restMs ? { phase: { kind: 'low' }, scale: 'back to the least' } : stay(phase)
  }
}

/** How many replicas that means; a function that sleeps at zero is woken by calls only. */
export function scaledReplicas(
  scale: Scale,
  replicas: number,
  bounds: { readonly least: number; readonly most: number; readonly step: number },
): number {
  if (replicas === 0) return 0
  switch (scale) {
    case 'as it is':
      return replicas
    case 'a step more':
      return Math.max(replicas, Math.min(bounds.most, replicas + bounds.step))
    case 'back to the least':
      return Math.min(replicas, Math.max(1, bounds.least))
  }
}
