import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Kills every process whose environment carries `marker` (`NAME=value`): the last resort where the runner's supervisor is gone and
 * with it the knowledge of what belonged to the script. Repeats until none is found twice in a row, a few times: one that is just
 * becoming another program shows no environment for a moment.
 * @returns how many were found
 */
export const endMarkedProcesses = async (marker: string): Promise<number> => {
  let found = 0
  let noneInARow = 0
  for (let pass = 0; pass < 20; pass += 1) {
    const pids = await markedProcesses(marker)
    noneInARow = pids.length === 0 ? noneInARow + 1 : 0
    if (noneInARow === 2) return found
    found += pids.length
    for (const pid of pids) kill(pid)
    await wait(20 * (pass + 1))
  }
  return found
}

const markedProcesses = async (marker: string): Promise<readonly number[]> => {
  const entries = await readdir('/proc').catch(() => [])
  const needle = Buffer.from(`\0${marker}\0`)
  const pids: number[] = []
  for (const entry of entries.filter((name) => /^[0-9]+$/.test(name))) {
    const environment = await readFile(`/proc/${entry}/environ`).catch(() => undefined)
    if (environment && Buffer.concat([Buffer.from('\0'), environment]).includes(needle)) pids.push(Number(entry))
  }
  return pids
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
