import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { noProgress, type Progress } from './progress.ts'

const blockBytes = 512

/** Which of its limits a script has exceeded. */
export type ExceededOutput = 'output-limit' | 'file-limit'
export type OutputLimits = { readonly bytes: number; readonly files: number }

/**
 * Has more been written below a directory than allowed? A file with holes counts as long as it seems: whoever copies it fills them.
 * What vanishes while it is counted does not count. Stops at the limit, so that a million files are not all looked at.
 */
export const exceedsOutput = async (
  directory: string,
  most: OutputLimits,
  progress: Progress = noProgress,
): Promise<ExceededOutput | undefined> => {
  let [bytes, files] = [0, 0]
  const todo = [directory]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const entries = await opendir(next).catch(() => undefined)
    if (!entries) continue
    for await (const entry of entries) {
      files += 1
      if (files > most.files) return 'file-limit'
      const path = join(next, entry.name)
      progress()
      if (entry.isDirectory()) {
        todo.push(path)
        continue
      }
      const found = await lstat(path).catch(() => undefined)
      bytes += found ? Math.max(found.size, found.blocks * blockBytes) : 0
      if (bytes > most.bytes) return 'output-limit'
    }
  }
  return undefined
}
