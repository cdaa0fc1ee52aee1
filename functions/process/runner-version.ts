import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const folder = join(import.meta.dirname, 'runner')
let known: Promise<string> | undefined

/** The part of the service that surrounds a script, by the hash of its sources: what can differ between two runs of the same script. */
export const runnerVersion = (): Promise<string> => (known ??= hashOf(folder))

const hashOf = async (directory: string): Promise<string> => {
  const hash = createHash('sha256')
  for (const name of (await readdir(directory)).filter((file) => file.endsWith('.py')).toSorted()) {
    hash.update(name).update(await readFile(join(directory, name)))
  }
  return hash.digest('hex').slice(0, 12)
}
