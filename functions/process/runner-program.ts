import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { channelOver } from './runner-channel.ts'
import { messageOf, type StartedRunner } from './supervise-runner.ts'

/** The Python package beside this module, in the sources and in the bundle alike. */
export const runnerDirectory = join(import.meta.dirname, 'runner')
export const runnerProgram = join(runnerDirectory, '__main__.py')

/** Another user for what is started, where whoever starts it may choose. */
export type RunAs = Pick<SpawnOptions, 'uid' | 'gid'>

/** Starts a program whose file descriptor 3 is a runner's channel, in a session of its own. */
export const spawnRunner = (
  program: string,
  programArguments: readonly string[],
  options: RunAs & { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Pick<StartedRunner, 'channel' | 'words' | 'exited'> & { readonly process: ChildProcess } => {
  const runner = spawn(program, programArguments, {
    ...options,
    env: { ...options.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const exited = exitOf(runner)
  const channel = runner.stdio[3]
  if (!(channel instanceof Socket)) throw new Error('there is no channel to the runner')
  return {
    process: runner,
    channel: channelOver(channel),
    words: [runner.stdout, runner.stderr].filter((stream) => stream instanceof Readable),
    exited,
  }
}

/** Undefined once it has ended, however it did; a sentence where it could not be started. */
const exitOf = async (runner: ChildProcess): Promise<string | undefined> => {
  try {
    await once(runner, 'exit')
    return undefined
  } catch (cause) {
    return messageOf(cause)
  }
}

export const killGroup = (leader: number | undefined): void => {
  if (leader !== undefined) killOne(-leader)
}

export const killOne = (pid: number | undefined): void => {
  if (pid === undefined) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
