import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Environment } from '#contracts/environments.ts'
import { connectChannel, type RunnerChannel } from './runner-channel.ts'
import { killOne, runnerProgram, type RunAs } from './runner-program.ts'
import { untilImported } from './until-imported.ts'

/** An interpreter that has an environment's modules imported and forks for each reduction (`runner/zygote.py`). */
export type Zygote = {
  /** A connection to a fresh fork of it. */
  readonly connect: () => Promise<RunnerChannel>
  readonly hasEnded: () => boolean
  /** Takes nothing more; ends when its last reduction has. */
  readonly retire: () => void
  /** Ends it, and with it all its reductions. */
  readonly end: () => Promise<void>
  /** Modules that could not be imported ahead, and why. */
  readonly failed: Readonly<Record<string, string>>
  readonly pid: number
}

/** A fork takes only one thread along: whatever starts more while it is imported would wait for the others for ever. */
const oneThread = Object.fromEntries(
  ['OPENBLAS', 'OMP', 'MKL', 'NUMEXPR'].map((library) => [`${library}_NUM_THREADS`, '1']),
)

const socketName = 'reductions'

/** Starts one and waits until its modules are there. @throws where it does not come so far */
export const startZygote = async (
  software: Environment,
  directory: string,
  environment: Readonly<Record<string, string>>,
  onWords: (line: string) => void,
  runAs: RunAs = {},
): Promise<Zygote> => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (runAs.uid !== undefined) await chown(directory, runAs.uid, runAs.gid ?? -1)
  const child = spawn(software.interpreter, ['-u', runnerProgram, 'sealed', 'zygote'], {
    ...runAs,
    cwd: directory,
    env: { ...environment, ...oneThread },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const started = once(child, 'spawn')
  const exited = new Promise<undefined>((resolve) => {
    child.once('exit', () => resolve(undefined))
    child.once('error', () => resolve(undefined))
  })
  child.stdin.on('error', () => undefined)
  child.stdin.write(JSON.stringify({ imports: software.imports, network: software.network, socket: socketName }) + '\n')
  createInterface({ input: child.stderr }).on('line', onWords)
  await started
  let hasEnded = false
  const cleared = exited.then(async () => {
    hasEnded = true
    await rm(directory, { recursive: true, force: true }).catch(() => undefined)
  })
  try {
    const failed = await untilImported(child.stdout, exited)
    const pid = child.pid ?? 0
    return {
      failed,
      pid,
      hasEnded: () => hasEnded,
      // Through /proc, since a socket's path may not be longer than 108 bytes.
      connect: () => connectChannel(`/proc/${pid}/cwd/${socketName}`),
      retire: () => child.stdin.end(),
      end: async () => {
        killOne(child.pid)
        await cleared
      },
    }
  } catch (cause) {
    killOne(child.pid)
    await cleared
    throw cause
  }
}
