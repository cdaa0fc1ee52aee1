import { execFile } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Tests that need a disk of their own are skipped where we may not mount one. */
export const mayMount: boolean = process.getuid?.() === 0

/** A disk in memory, mounted at a directory: it can be full, read-only, or gone. */
export type SmallDisk = {
  readonly fill: () => Promise<void>
  readonly empty: () => Promise<void>
  readonly remount: (how: 'ro' | 'rw') => Promise<void>
  readonly unmount: () => Promise<void>
}

export const mountSmallDisk = async (directory: string, size: string): Promise<SmallDisk> => {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'small-disk', directory])
  const ballast = join(directory, 'ballast')
  return {
    fill: async () => {
      // The last pages too, which a large write that fails leaves over.
      for (const sizeBytes of [1024 * 1024, 4096]) await writeUntilFull(ballast, sizeBytes)
    },
    empty: () => rm(ballast, { force: true }),
    remount: async (how) => {
      await run('mount', ['-o', `remount,${how}`, directory])
    },
    unmount: async () => {
      await run('umount', [directory]).catch(() => run('umount', ['-l', directory]))
    },
  }
}

const writeUntilFull = async (path: string, blockBytes: number): Promise<void> => {
  const file = await open(path, 'a')
  try {
    for (;;) await file.write(Buffer.alloc(blockBytes))
  } catch {
    // Full, which was wanted.
  } finally {
    await file.close()
  }
}
