const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const wholePattern = /^(\d+(\.\d+)?(ms|s|m|h))+$/
const partPattern = /(\d+(?:\.\d+)?)(ms|s|m|h)/g

/**
 * A duration as OpenFaaS settings write it (Go's `time.ParseDuration`): `10s`, `1h30m`, `1.5m`, `250ms`; a bare number is seconds.
 * @returns whole milliseconds, or null where it is none
 */
export const parseDuration = (text: string): number | null => {
  const trimmed = text.trim()
  if (/^\d+$/.test(trimmed)) return Number(trimmed) * 1_000
  if (!wholePattern.test(trimmed)) return null
  let totalMs = 0
  for (const [, number, unit] of trimmed.matchAll(partPattern)) totalMs += Number(number) * (unitMs[unit ?? ''] ?? 0)
  return Math.round(totalMs)
}
