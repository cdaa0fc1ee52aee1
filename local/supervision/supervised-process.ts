import { spawn, type ChildProcess } from 'node:child_process'
import { identify, type ProcessIdentity } from '../processes/identity.ts'
import { restartBackOff, type BackOff } from './back-off.ts'
import { letGoOfOutput, sendToGroup } from './process-group.ts'
import { splitLines } from './split-lines.ts'

export type Command = {
  readonly program: string
  readonly args: readonly string[]
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
}

export type Supervision = {
  /** Asked before every start: a port may have been taken meanwhile. */
  readonly command: () => Promise<Command>
  /** How long it may take to end by itself after SIGTERM. */
  readonly graceMs: number
  readonly onLines: (lines: readonly string[]) => void
  readonly onStart?: (identity: ProcessIdentity) => void
  readonly onEnd?: (how: string, identity: ProcessIdentity | undefined) => void
  readonly backOff?: BackOff
  /** A process that lived this long had started well: the next failure counts as the first. */
  readonly soundAfterMs?: number
}

export type SupervisedProcess = {
  current(): { readonly identity: ProcessIdentity; readonly startedAt: Date } | undefined
  restarts(): number
  /** Ends it by force; it is started again. For one that no longer answers. */
  kill(): void
  /** Asks it to end, waits for its grace, ends its process group. It is not started again. */
  stop(): Promise<void>
}

/**
 * Keeps one process running until told to stop. It runs in a process group of its own and holds the end of a pipe as
 * its standard input, which closes when we die, however we die: a child started with `exit_with_parent=1` ends then.
 */
export function supervise(supervision: Supervision): SupervisedProcess {
  const { backOff = restartBackOff, soundAfterMs = 30_000 } = supervision
  let current: { child: ChildProcess; identity: ProcessIdentity; startedAt: Date } | undefined
  let [failures, restarts, isStopping] = [0, 0, false]
  let wait: NodeJS.Timeout | undefined
  let ended: () => void = () => undefined

  const start = async () => {
    try {
      const command = await supervision.command()
      if (isStopping) return ended()
      const child = spawnCommand(command)
      child.once('error', (error) => finish(`could not be started: ${error.message}`))
      const identity = child.pid === undefined ? undefined : identify(child.pid)
      if (child.pid === undefined) return
      current = {
        child,
        identity: identity ?? { pid: child.pid, startedAtTicks: '', bootId: '' },
        startedAt: new Date(),
      }
      readOutput(child, supervision.onLines)
      child.once('exit', () => letGoOfOutput(child))
      child.once('close', (code, signal) => finish(code === null ? `was ended by ${signal}` : `ended with ${code}`))
      supervision.onStart?.(current.identity)
    } catch (error) {
      finish(`could not be started: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  const finish = (how: string) => {
    const last = current
    current = undefined
    supervision.onEnd?.(how, last?.identity)
    if (isStopping) return ended()
    if (last !== undefined && Date.now() - last.startedAt.getTime() > soundAfterMs) failures = 0
    failures += 1
    restarts += 1
    wait = setTimeout(() => {
      wait = undefined
      void start()
    }, backOff(failures))
  }

  void start()
  let stopped: Promise<void> | undefined
  return {
    current: () => current,
    restarts: () => restarts,
    kill: () => {
      if (current !== undefined) sendToGroup(current.identity.pid, 'SIGKILL')
    },
    stop: () => {
      stopped ??= new Promise((resolve) => {
        isStopping = true
        ended = resolve
        if (wait !== undefined) {
          clearTimeout(wait)
          return resolve()
        }
        if (current === undefined) return
        const { child, identity } = current
        child.kill('SIGTERM')
        const force = setTimeout(() => sendToGroup(identity.pid, 'SIGKILL'), supervision.graceMs)
        child.once('close', () => clearTimeout(force))
      })
      return stopped
    },
  }
}

function spawnCommand(command: Command): ChildProcess {
  return spawn(command.program, command.args, {
    cwd: command.directory,
    env: command.environment,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

function readOutput(child: ChildProcess, onLines: (lines: readonly string[]) => void): void {
  child.stdin?.on('error', () => undefined)
  for (const stream of [child.stdout, child.stderr]) {
    const lines = splitLines(onLines)
    stream?.on('data', (chunk: Buffer) => lines.write(chunk)).on('end', () => lines.end())
  }
}
