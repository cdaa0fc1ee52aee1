import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { noProgress, type Progress } from './progress.ts'

const blockBytes = 512

/** Bytes on disk below a directory, counted until `enough` is passed. What vanishes while it is counted does not count. */
export const measureOutput = async (
  directory: string,
  enough: number,
  progress: Progress = noProgress,
): Promise<number> => {
  let sizeBytes = 0
  const todo = [directory]
  for (let next = todo.pop(); next !== undefined && sizeBytes <= enough; next = todo.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      const path = join(next, entry.name)
      progress()
      if (entry.isDirectory()) todo.push(path)
      else sizeBytes += ((await lstat(path).catch(() => undefined))?.blocks ?? 0) * blockBytes
    }
  }
  return sizeBytes
}
