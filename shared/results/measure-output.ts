import { lstat, opendir } from 'node:fs/promises'
import { noProgress, type Progress } from './progress.ts'

const blockBytes = 512

/** Which of its limits a script has exceeded. */
export type ExceededOutput = 'output-limit' | 'file-limit'
export type OutputLimits = { readonly bytes: number; readonly files: number }

/** A file with holes counts as long as it seems: whoever copies it fills them. */
export const countedBytes = ({ size, blocks }: { readonly size: number; readonly blocks: number }): number =>
  Math.max(size, blocks * blockBytes)

/** What is more than allowed, if anything is. */
export const exceeded = (written: OutputLimits, most: OutputLimits): ExceededOutput | undefined => {
  if (written.files > most.files) return 'file-limit'
  return written.bytes > most.bytes ? 'output-limit' : undefined
}

/**
 * Has more been written below a directory than allowed? What vanishes while it is counted does not count. Stops at the limit, so that
 * a million files are not all looked at. Names are taken as bytes: one that is no valid text hides nothing.
 */
export const exceedsOutput = async (
  directory: string,
  most: OutputLimits,
  progress: Progress = noProgress,
): Promise<ExceededOutput | undefined> => {
  let [bytes, files] = [0, 0]
  const todo = [Buffer.from(directory)]
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const entries = await opendir(next, { encoding: 'latin1' }).catch(() => undefined)
    if (!entries) continue
    for await (const entry of entries) {
      files += 1
      if (files > most.files) return exceeded({ bytes, files }, most)
      const path = Buffer.concat([next, slash, Buffer.from(entry.name, 'latin1')])
      progress()
      if (entry.isDirectory()) {
        todo.push(path)
        continue
      }
      const found = await lstat(path).catch(() => undefined)
      bytes += found ? countedBytes(found) : 0
      if (bytes > most.bytes) return exceeded({ bytes, files }, most)
    }
  }
  return undefined
}

const slash = Buffer.from('/')
