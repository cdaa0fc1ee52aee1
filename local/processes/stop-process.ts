import { setTimeout as delay } from 'node:timers/promises'
import { isAlive, type ProcessIdentity } from './identity.ts'

/**
 * Asks a process to end, waits, and then ends its whole group by force. Never touches a stranger that has the same
 * number by now. Resolves when it is gone.
 */
export async function stopProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (!isAlive(identity)) return
  send(identity.pid, 'SIGTERM')
  if (await isGoneWithin(identity, graceMs)) return
  send(-identity.pid, 'SIGKILL')
  send(identity.pid, 'SIGKILL')
  await isGoneWithin(identity, 5_000)
}

export async function isGoneWithin(identity: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = Date.now() + waitMs
  while (isAlive(identity)) {
    if (Date.now() > deadline) return false
    await delay(20)
  }
  return true
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone meanwhile, or not a group's leader: the caller looks again.
  }
}
