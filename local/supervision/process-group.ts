import type { ChildProcess } from 'node:child_process'

/** How long somebody outside the group may keep its output open after its leader has ended. */
const lastWordsMs = 2_000

export function sendToGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // The group is empty: nothing is left of it.
  }
}

/** For a group's leader that has ended: the rest of the group ends with it, and nobody waits for others who hold its output open. */
export function letGoOfOutput(child: ChildProcess): void {
  if (child.pid !== undefined) sendToGroup(child.pid, 'SIGKILL')
  const patience = setTimeout(() => {
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, lastWordsMs)
  child.once('close', () => clearTimeout(patience))
}
