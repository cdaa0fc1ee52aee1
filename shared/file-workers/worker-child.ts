import { fork } from 'node:child_process'
import type { Reply, Request } from './messages.ts'

export type WorkerChild = {
  readonly pid: number | undefined
  readonly send: (request: Request) => void
  /** SIGKILL, and never waited for: a process that is stuck in the kernel ends when the kernel lets it. */
  readonly abandon: () => void
  /** Keeps this process alive while it waits for the child, and not longer. */
  readonly hold: (isWaitedFor: boolean) => void
  readonly ended: Promise<void>
}

export type WorkerProgram = {
  readonly url: URL
  readonly nodeOptions: readonly string[]
  /** Threads for file calls; as many calls can hang in one process before it does nothing else. */
  readonly threads: number
}

export const startWorkerChild = (
  program: WorkerProgram,
  told: { readonly reply: (reply: Reply) => void; readonly ended: () => void },
): WorkerChild => {
  const child = fork(program.url, [], {
    serialization: 'advanced',
    execArgv: [...program.nodeOptions],
    // No secrets and no settings of ours: a file process gets all it needs with each call.
    env: {
      PATH: process.env['PATH'] ?? '',
      TZ: 'UTC',
      LANG: process.env['LANG'] ?? 'C.UTF-8',
      UV_THREADPOOL_SIZE: String(program.threads),
    },
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
