import type { Reply, Request } from './messages.ts'

export type OperationContext = {
  /** Ends this process after its answer: a library may be left in a bad state. */
  readonly retire: () => void
}

type AnyOperation = (input: never, context: OperationContext) => Promise<unknown>

/**
 * The life of a file process: does one operation after the other for its parent and dies with it. Files are read in Node's threads, so
 * that this thread sees the parent's end even while a read hangs; SIGKILL, because an orderly exit waits for those threads.
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
    let retires = false
    const context = {
      retire: () => {
        retires = true
      },
    }
    const operation = operations[request.operation]
    const work = operation
      ? operation(request.input as never, context)
      : Promise.reject(new Error(`There is no operation ${request.operation}.`))
    work.then(
      (output) => tell({ kind: 'answer', id: request.id, output, retires }, retires ? die : undefined),
      (fault: unknown) =>
        tell({ kind: 'fault', id: request.id, message: fault instanceof Error ? fault.message : String(fault) }),
    )
  })
  tell({ kind: 'ready' })
}
