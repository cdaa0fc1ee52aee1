import type { Reply, Request } from './messages.ts'

export type OperationContext = {
  /** Ends this process after its answer: a library may be left in a bad state. */
  readonly retire: () => void
  /**
   * Says that a step is done and the next begins: the limit of the call counts from here. Cheap; call it at each file.
   * @param allowMs how much longer than usual the next step may take, e.g. to flush a large file
   */
  readonly progress: (allowMs?: number) => void
}

type AnyOperation = (input: never, context: OperationContext) => Promise<unknown>

/** Often enough for limits of seconds. */
const progressEveryMs = 250

/**
 * The life of a file process: does what its parent asks and dies with it. Files are read and written in Node's threads, so
 * that this thread sees the parent's end even while a call hangs; SIGKILL, because an orderly exit waits for those threads.
 */
export const serveCalls = (operations: Readonly<Record<string, AnyOperation>>): void => {
  const tell = (reply: Reply, then?: () => void): void => {
    process.send?.(reply, undefined, undefined, then)
  }
  const die = (): void => void process.kill(process.pid, 'SIGKILL')
  process.on('disconnect', die)
  if (!process.connected) die()
  // The parent decides when a file process ends; a Ctrl-C in the terminal reaches the whole group.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)

  process.on('message', (request: Request) => {
    const { id } = request
    let retires = false
    let toldAtMs = performance.now()
    let wasAllowed = false
    const context: OperationContext = {
      retire: () => {
        retires = true
      },
      progress: (allowMs = 0) => {
        const nowMs = performance.now()
        if (allowMs === 0 && !wasAllowed && nowMs - toldAtMs < progressEveryMs) return
        toldAtMs = nowMs
        wasAllowed = allowMs > 0
        tell({ kind: 'progress', id, allowMs })
      },
    }
    const operation = operations[request.operation]
    const work = operation
      ? operation(request.input as never, context)
      : Promise.reject(new Error(`There is no operation ${request.operation}.`))
    work.then(
      (output) => tell({ kind: 'answer', id, output, retires }, retires ? die : undefined),
      (fault: unknown) => tell({ kind: 'fault', id, message: fault instanceof Error ? fault.message : String(fault) }),
    )
  })
  tell({ kind: 'ready' })
}
