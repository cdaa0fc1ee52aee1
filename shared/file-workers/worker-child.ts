import { fork } from 'node:child_process'
import type { Reply, Request } from './messages.ts'

export type WorkerChild = {
  readonly pid: number | undefined
  readonly send: (request: Request) => void
  /** SIGKILL, and never waited for: a process that is stuck in the kernel ends when the kernel lets it. */
  readonly abandon: () => void
  /** Keeps this process alive while it waits for the worker, and not longer. */
  readonly hold: (isWaitedFor: boolean) => void
  readonly ended: Promise<void>
}

/** The program beside this module: as source, or as the bundle's second entry. */
export const readerProgram = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './worker-process.ts' : './worker-process.mjs', import.meta.url)

// A worker holds a line of text or a file's head at a time: a small heap keeps many of them cheap.
const nodeOptions = [
  '--max-semi-space-size=1',
  '--max-old-space-size=256',
  '--disable-warning=ExperimentalWarning',
  // The HDF5 library is read through once per file: compiling it twice over costs more than it gives.
  '--liftoff-only',
]

export const startWorkerChild = (
  program: URL,
  told: { readonly reply: (reply: Reply) => void; readonly ended: () => void },
): WorkerChild => {
  const child = fork(program, [], {
    serialization: 'advanced',
    execArgv: nodeOptions,
    // No secrets and no settings of ours: a worker gets all it needs with each call.
    env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', LANG: process.env['LANG'] ?? 'C.UTF-8' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const { promise: ended, resolve } = Promise.withResolvers<undefined>()
  let over = false
  const end = (): void => {
    if (over) return
    over = true
    resolve(undefined)
    told.ended()
  }
  child.on('message', (reply: Reply) => told.reply(reply))
  child.on('exit', end)
  child.on('error', () => {
    if (child.pid === undefined) end()
  })
  child.unref()
  return {
    pid: child.pid,
    send: (request) => {
      child.send(request, () => undefined)
    },
    abandon: () => {
      child.kill('SIGKILL')
      if (child.connected) child.disconnect()
    },
    hold: (isWaitedFor) => {
      if (isWaitedFor) child.channel?.ref()
      else child.channel?.unref()
    },
    ended,
  }
}
