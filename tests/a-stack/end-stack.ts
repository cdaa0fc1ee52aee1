import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '#database/connection.ts'
import { runToEnd } from '../../local/processes/run-to-end.ts'
import { familyOf, signal, type Member } from './family.ts'
import { becomesTrue, pause } from './pause.ts'

const projectDirectory = join(import.meta.dirname, '..', '..')

/**
 * Ends the stack of a folder as `make down` does, then kills whatever is left of it, and removes the folder; also that of a run which was
 * killed. @returns what was still running after `make down`
 */
export const endStack = async (folder: string, database?: Database): Promise<readonly Member[]> => {
  const stateDirectory = join(folder, 'state')
  for (const { pid, isFrozen } of familyOf(stateDirectory)) if (isFrozen) signal(pid, 'SIGCONT')
  await runToEnd(process.execPath, [join(projectDirectory, 'local', 'down.ts')], {
    directory: projectDirectory,
    environment: { ...process.env, STATE_DIR: stateDirectory },
  }).catch((fault: unknown) => console.error(String(fault)))
  await Promise.race([database?.close(), pause(2_000)])
  await becomesTrue(() => familyOf(stateDirectory).length === 0, 3_000)
  const left = familyOf(stateDirectory)
  // First those that start others again.
  for (const { pid } of left.toSorted((a, b) => Number(isOther(a)) - Number(isOther(b)))) signal(pid, 'SIGKILL')
  for (const place of mountsBelow(folder)) await takeAway(place)
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  return left
}

const isOther = ({ role }: Member): boolean => role === 'other'

/** Without root only what was mounted without root. */
const takeAway = (place: string): Promise<unknown> =>
  runToEnd('umount', ['-l', place]).catch(() => runToEnd('fusermount3', ['-uz', place]))

/** A disk that was mounted for the results, by a run that was killed before it could take it away. */
const mountsBelow = (folder: string): readonly string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((place) => place.startsWith(`${folder}/`))
