import { readFile } from 'node:fs/promises'

/** In `/proc/<pid>/stat` and `/proc/stat`: hundredths of a second, on every Linux that Node runs on. */
export const ticksPerSecond = 100

/** Processor time of a process, and of its children that have ended; zero for one that has ended meanwhile. */
export const secondsOf = async (pid: number): Promise<{ readonly own: number; readonly children: number }> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name may hold anything; after its last parenthesis come the fields from the third on.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number)
  return { own: (user + system) / ticksPerSecond, children: (childUser + childSystem) / ticksPerSecond }
}
