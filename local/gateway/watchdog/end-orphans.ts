import { readdirSync, readFileSync } from 'node:fs'
import { identify } from '../../processes/identity.ts'

/** In the environment of each program: which watchdog forked it. */
const marker = 'forked_by'

/** What marks the programs that this process forks for calls. */
export function markOf(pid: number): Record<string, string> {
  return { [marker]: `${pid}:${identify(pid)?.startedAtTicks ?? ''}` }
}

/**
 * Ends what programs of this function started that lost their watchdog: one that was killed could not end them, and the
 * kernel ends only the program itself. A function is known by its folder of secrets, which no other has.
 */
export function endOrphans(secretsFolder: string): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const environment = environmentOf(name)
    if (environment.get('secret_mount_path') !== secretsFolder) continue
    const [pid, startedAtTicks] = (environment.get(marker) ?? '').split(':')
    if (startedAtTicks === undefined || identify(Number(pid))?.startedAtTicks === startedAtTicks) continue
    try {
      process.kill(Number(name), 'SIGKILL')
    } catch {
      // Ended meanwhile.
    }
  }
}

/** Empty for a process that has ended, or is not ours. */
function environmentOf(pid: string): ReadonlyMap<string, string> {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return new Map(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]))
  } catch {
    return new Map()
  }
}
