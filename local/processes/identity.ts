import { readFileSync } from 'node:fs'
import { z } from 'zod'

/**
 * Who a process is, beyond its number: numbers are used again, so a remembered one may by now be a stranger's.
 * Start time and boot together make it unique.
 */
export const identitySchema = z.object({
  pid: z.number().int().positive(),
  /** Clock ticks since the machine's start: field 22 of /proc/PID/stat. */
  startedAtTicks: z.string(),
  bootId: z.string(),
})
export type ProcessIdentity = z.infer<typeof identitySchema>

/** The identity of a living process; undefined where there is none, or only its unreaped remains. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = readOrUndefined(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  const parsed = parseStat(stat)
  if (parsed === undefined || parsed.state === 'Z' || parsed.state === 'X') return undefined
  return { pid, startedAtTicks: parsed.startedAtTicks, bootId: bootId() }
}

/** Is exactly this process, and not a later one of the same number, still alive? */
export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid)
  return now !== undefined && now.startedAtTicks === identity.startedAtTicks && now.bootId === identity.bootId
}

/** The command line of a process, for telling a person who holds something; empty where it cannot be read. */
export function commandLine(pid: number): string {
  return (readOrUndefined(`/proc/${pid}/cmdline`) ?? '').replaceAll('\0', ' ').trim()
}

/** The second field, the program's name, may itself hold spaces and brackets: what counts follows the last one. */
export function parseStat(stat: string): { state: string; startedAtTicks: string } | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, startedAtTicks] = [fields[0], fields[19]]
  return state === undefined || startedAtTicks === undefined ? undefined : { state, startedAtTicks }
}

let knownBootId: string | undefined

function bootId(): string {
  knownBootId ??= readOrUndefined('/proc/sys/kernel/random/boot_id')?.trim() ?? 'unknown'
  return knownBootId
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
