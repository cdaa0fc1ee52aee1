import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, statSync, truncateSync } from 'node:fs'
import { findProgram } from './find-program.ts'

const largestLogBytes = 5 * 1024 * 1024

export type Detached = {
  readonly program: string
  readonly args: readonly string[]
  readonly directory: string
  /** The whole environment; nothing is inherited. */
  readonly environment: NodeJS.ProcessEnv
  /** Where its output goes; begun anew once it is large. */
  readonly logFile: string
  /** For tests: the kernel ends it when this process ends, however that happens. */
  readonly diesWithParent?: boolean
}

/** Starts a program in a process group of its own, which goes on when this process ends. */
export function startDetached(detached: Detached): ChildProcess {
  if ((statSync(detached.logFile, { throwIfNoEntry: false })?.size ?? 0) > largestLogBytes) {
    truncateSync(detached.logFile)
  }
  const log = openSync(detached.logFile, 'a', 0o600)
  const setpriv = detached.diesWithParent === true ? findProgram('setpriv') : undefined
  const [program, args] =
    setpriv === undefined
      ? [detached.program, detached.args]
      : [setpriv, ['--pdeathsig', 'KILL', '--', detached.program, ...detached.args]]
  const child = spawn(program, args, {
    cwd: detached.directory,
    env: detached.environment,
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  child.unref()
  return child
}

/** What a foreign program needs of our environment, and no secret. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, USER, LANG, TZ } = process.env
  return { PATH, HOME, USER, LANG, TZ }
}
