import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { identitySchema, isAlive, type ProcessIdentity } from '../processes/identity.ts'
import { stopProcess } from '../processes/stop-process.ts'

/**
 * Remembers in a file which processes we have started, so that after a `kill -9` of ours the next start can end those
 * that did not notice (a stopped process cannot see its input close).
 */
export function rememberProcesses(file: string): { add(identity: ProcessIdentity): void; remove(pid: number): void } {
  const known = new Map<number, ProcessIdentity>()
  const write = () => {
    writeFileSync(`${file}.new`, JSON.stringify([...known.values()]), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return {
    add: (identity) => {
      known.set(identity.pid, identity)
      write()
    },
    remove: (pid) => {
      if (known.delete(pid)) write()
    },
  }
}

/** Ends what an earlier supervisor left behind; gives how many there were. */
export async function endLeftovers(file: string, graceMs = 5_000): Promise<number> {
  const left = readIdentities(file).filter(isAlive)
  for (const { pid } of left) {
    try {
      process.kill(-pid, 'SIGCONT')
    } catch {
      // Ended meanwhile.
    }
  }
  await Promise.all(left.map((identity) => stopProcess(identity, graceMs)))
  return left.length
}

function readIdentities(file: string): ProcessIdentity[] {
  try {
    return z.array(identitySchema).parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return []
  }
}
