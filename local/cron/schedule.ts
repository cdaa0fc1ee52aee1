import { Cron } from 'croner'
import { parseDuration } from '../gateway/functions/limits.ts'

/** When something is due next, after a given time. */
export type Schedule = { next(after: Date): Date | undefined }

const named: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/**
 * Reads the annotation `schedule`: five fields, `@hourly` and its like, or `@every 10s`; all in UTC. Undefined for
 * anything else.
 */
export function parseSchedule(text: string): Schedule | undefined {
  const every = /^@every\s+(\S+)$/.exec(text.trim())
  if (every !== null) {
    const intervalMs = parseDuration(every[1] ?? '')
    if (intervalMs === undefined || intervalMs < 1_000) return undefined
    return { next: (after) => new Date(after.getTime() + intervalMs) }
  }
  const pattern = named[text.trim()] ?? text.trim()
  if (pattern.startsWith('@') || pattern.split(/\s+/).length !== 5) return undefined
  try {
    const cron = new Cron(pattern, { timezone: 'UTC', paused: true })
    return { next: (after) => cron.nextRun(after) ?? undefined }
  } catch {
    return undefined
  }
}
