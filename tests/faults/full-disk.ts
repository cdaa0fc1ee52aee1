import { execFile } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'

const run = promisify(execFile)

/** A disk for the results that can be full: a small one of its own where we may mount, else a limit on the size of files. */
export type SmallDisk = {
  /** It is full for everybody: what is queued waits. Where only files are limited, scripts start and fail. */
  readonly isOwnDisk: boolean
  readonly fill: () => Promise<void>
  readonly free: () => Promise<void>
  readonly end: () => Promise<void>
}

export const mountSmallDisk = async (stack: Stack): Promise<SmallDisk> => {
  const { resultsRoot } = stack
  // What was published before lies on the disk too, and what is published there stays when it is taken away.
  const aside = join(stack.folder, 'results-aside')
  const copy = (from: string, to: string): Promise<unknown> => run('cp', ['-a', `${from}/.`, to])
  await copy(resultsRoot, aside)
  try {
    // Room for one cause beside all that earlier ones have left.
    const { stdout } = await run('du', ['-s', '--block-size=1M', aside])
    const megabytes = Math.ceil(Number.parseInt(stdout, 10) * 1.2) + 64
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'results', resultsRoot])
  } catch {
    return limitFileSizes(stack)
  }
  await copy(aside, resultsRoot)
  const ballast = join(resultsRoot, 'ballast')
  return {
    isOwnDisk: true,
    fill: async () => {
      const file = await open(ballast, 'w')
      try {
        for (const sizeBytes of [1024 * 1024, 4096]) {
          const block = Buffer.alloc(sizeBytes)
          for (;;) await file.write(block)
        }
      } catch {
        // Full, which was wanted.
      } finally {
        await file.close()
      }
    },
    free: () => rm(ballast, { force: true }),
    end: async () => {
      await copy(resultsRoot, aside)
      await unmount(resultsRoot)
      await copy(aside, resultsRoot)
    },
  }
}

const unmount = async (path: string): Promise<void> => {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    try {
      await run('umount', [path])
      return
    } catch {
      await pause(250)
    }
  }
  await run('umount', ['-l', path])
}

const limitFileSizes = (stack: Stack): SmallDisk => {
  const limit = async (size: string): Promise<void> => {
    const processors = stack.processesOf('process').map(({ pid }) => pid)
    // Their own processes for the disk too.
    const children = stack.family().flatMap(({ pid, parent }) => (processors.includes(parent) ? [pid] : []))
    for (const pid of [...processors, ...children]) {
      await run('prlimit', ['--pid', String(pid), `--fsize=${size}:`]).catch(() => undefined)
    }
  }
  return { isOwnDisk: false, fill: () => limit('20000'), free: () => limit('unlimited'), end: () => Promise.resolve() }
}
