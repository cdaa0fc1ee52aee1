import { rememberHungPlaces, type Hung } from './hung-places.ts'
import type { Reply } from './messages.ts'
import type { PoolCall, PoolSettings } from './pool-settings.ts'
import { startWorkerChild, type WorkerChild } from './worker-child.ts'

/** A call failed in a way that says nothing about the file: its process broke, or the operation has a defect. */
export class WorkerFault extends Error {
  override readonly name = 'WorkerFault'
  readonly retryable = true
}

export type WorkerPool = {
  readonly call: (call: PoolCall) => Promise<unknown>
  readonly close: () => void
  /** For tests and metrics: processes that live, the given up among them. */
  readonly processCount: () => number
}

// Beyond this a call counts as slow, and others no longer wait for its worker.
const slowAfterMs = 250
/** The first call of a kind loads what its work needs: on a busy machine one process more would only load it once more. */
const slowAfterAtFirstMs = 1_500
/** Where so many given-up workers are stuck in the kernel, no more are started: then everything hangs. */
const mostAbandoned = 24
const startLimitMs = 30_000
const mostStarts = 2

type Task = {
  readonly id: number
  readonly call: PoolCall
  readonly isProbe: boolean
  starts: number
  isSlow: boolean
  slowTimer: NodeJS.Timeout | undefined
  limitTimer: NodeJS.Timeout | undefined
  readonly resolve: (output: unknown) => void
  readonly reject: (fault: Error) => void
}

type Worker = {
  readonly child: WorkerChild
  isReady: boolean
  /** What it has done before. */
  readonly operations: Set<string>
  /** What it does now, all for one place. */
  readonly tasks: Map<number, Task>
  timer: NodeJS.Timeout | undefined
}

const placeOf = (worker: Worker): string | undefined => worker.tasks.values().next().value?.call.place
const isSlow = (worker: Worker): boolean => [...worker.tasks.values()].some((task) => task.isSlow)

/** The answer may lie unread in the channel after this process itself was held up: let it be read first. */
const after = (ms: number, act: () => void): NodeJS.Timeout => setTimeout(() => setImmediate(act), ms).unref()

/**
 * A few processes that do file work for this one and can be given up. Where a call exceeds its limit, its process is killed and
 * forgotten, with all that it did for the same place; calls for other places have other processes and never wait for it.
 */
export const openWorkerPool = (settings: PoolSettings): WorkerPool => {
  const { log, count, callsAtOnce, workersPerPlace, mostHeldUp } = settings
  const places = rememberHungPlaces(settings.nowMs, settings.describeHung)
  const workers: Worker[] = []
  const queue: Task[] = []
  let abandonedCount = 0
  let isClosed = false
  let nextId = 1

  const forget = (worker: Worker): void => {
    clearTimeout(worker.timer)
    const at = workers.indexOf(worker)
    if (at !== -1) workers.splice(at, 1)
  }
  const end = (worker: Worker): void => {
    forget(worker)
    worker.child.abandon()
  }

  const start = (): void => {
    const worker: Worker = {
      child: startWorkerChild(settings.program, { reply: (reply) => heard(worker, reply), ended: () => broke(worker) }),
      isReady: false,
      operations: new Set(),
      tasks: new Map(),
      timer: undefined,
    }
    workers.push(worker)
    worker.timer = after(startLimitMs, () => {
      if (!worker.isReady) worker.child.abandon()
    })
  }

  const give = (worker: Worker, task: Task): void => {
    clearTimeout(worker.timer)
    worker.tasks.set(task.id, task)
    worker.child.hold(true)
    task.isSlow = task.isProbe
    task.slowTimer = after(worker.operations.has(task.call.operation) ? slowAfterMs : slowAfterAtFirstMs, () => {
      if (!worker.tasks.has(task.id)) return
      task.isSlow = true
      pump()
    })
    limit(worker, task, 0)
    worker.child.send({ id: task.id, operation: task.call.operation, input: task.call.input })
  }
  /** From now on, and again from each word of progress. */
  const limit = (worker: Worker, task: Task, allowMs: number): void => {
    clearTimeout(task.limitTimer)
    const limitMs = task.call.timeoutMs + allowMs
    task.limitTimer = after(limitMs, () => {
      if (worker.tasks.has(task.id)) giveUp(worker, task, limitMs)
    })
  }
  const finish = (worker: Worker, task: Task): void => {
    clearTimeout(task.slowTimer)
    clearTimeout(task.limitTimer)
    worker.tasks.delete(task.id)
  }

  const giveUp = (worker: Worker, { call: { place, operation } }: Task, limitMs: number): void => {
    end(worker)
    abandonedCount += 1
    void worker.child.ended.then(() => {
      abandonedCount -= 1
      pump()
    })
    const isNew = places.look(place) === undefined
    const hung = places.timedOut(place, worker.child.ended)
    if (isNew) {
      log.warn(
        { event: { action: 'place-hangs' }, labels: { place, operation }, process: { pid: worker.child.pid } },
        `${place} gave no answer to ${operation} within ${limitMs} ms; its process was killed`,
      )
    }
    for (const task of worker.tasks.values()) {
      finish(worker, task)
      task.resolve(hung)
    }
    // Who waits for the same place would only hang too.
    for (const waiting of queue.filter((other) => other.call.place === place)) {
      queue.splice(queue.indexOf(waiting), 1)
      waiting.resolve(hung)
    }
    pump()
  }

  const heard = (worker: Worker, reply: Reply): void => {
    if (reply.kind === 'ready') {
      worker.isReady = true
      rest(worker)
      pump()
      return
    }
    const task = worker.tasks.get(reply.id)
    if (!task) return
    if (reply.kind === 'progress') {
      limit(worker, task, reply.allowMs)
      task.call.onProgress?.(reply.allowMs)
      return
    }
    const { place, operation } = task.call
    worker.operations.add(operation)
    finish(worker, task)
    if (places.answered(place)) {
      log.info({ event: { action: 'place-answers' }, labels: { place } }, `${place} answers again`)
    }
    if (reply.kind === 'answer') task.resolve(reply.output)
    else task.reject(new WorkerFault(`File work for ${place} failed (${operation}): ${reply.message}`))
    if (reply.kind === 'answer' && reply.retires) forget(worker)
    else if (worker.tasks.size === 0) {
      const isSurplus = workers.filter((other) => !isSlow(other)).length > count
      if (isSurplus && queue.length === 0) end(worker)
      else rest(worker)
    }
    pump()
  }

  const rest = (worker: Worker): void => {
    clearTimeout(worker.timer)
    worker.child.hold(false)
    worker.timer = after(settings.idleMs, () => {
      if (worker.tasks.size === 0) end(worker)
    })
  }

  /** The process ended by itself, at its start or at work: what it did is tried once more, by another. */
  const broke = (worker: Worker): void => {
    if (!workers.includes(worker)) return
    forget(worker)
    const next = worker.isReady ? undefined : queue.shift()
    if (next) tryAgain(next, true)
    for (const task of worker.tasks.values()) {
      finish(worker, task)
      tryAgain(task, task.call.isRepeatable !== false)
    }
    pump()
  }

  const tryAgain = (task: Task, isRepeatable: boolean): void => {
    const { place, operation } = task.call
    task.starts += 1
    if (isRepeatable && task.starts < mostStarts && !isClosed) {
      queue.unshift(task)
      return
    }
    if (task.isProbe) places.probeLost(place)
    task.reject(new WorkerFault(`The process that worked on ${place} (${operation}) ended without an answer.`))
  }

  const workingAt = (place: string): readonly Worker[] => workers.filter((worker) => placeOf(worker) === place)

  const pump = (): void => {
    let isShort = false
    for (const task of [...queue]) {
      if (isClosed || (isShort && callsAtOnce === 1)) break
      const mine = workingAt(task.call.place)
      const shared = mine.find((worker) => worker.tasks.size < callsAtOnce)
      const mayHaveAnother = mine.length < workersPerPlace
      const idle = mayHaveAnother ? workers.findLast(({ isReady, tasks }) => isReady && tasks.size === 0) : undefined
      const worker = shared ?? idle
      if (worker) {
        queue.splice(queue.indexOf(task), 1)
        give(worker, task)
      } else isShort ||= mayHaveAnother
    }
    if (isShort) startMore()
  }

  const startMore = (): void => {
    if (abandonedCount >= mostAbandoned) {
      if (workers.length > 0) return
      for (const task of queue.splice(0)) task.resolve(places.timedOut(task.call.place, Promise.resolve()))
      return
    }
    const slow = workers.filter(isSlow).length
    const mayStart = (): boolean => workers.length - slow < count && slow <= mostHeldUp
    // While much waits there are as many as there may be: what waits is not gone through at each answer.
    if (!mayStart()) return
    const waiting = Map.groupBy(queue, ({ call }) => call.place)
    let wanted = 0
    for (const [place, tasks] of waiting) wanted += Math.min(tasks.length, workersPerPlace - workingAt(place).length)
    let starting = workers.filter(({ isReady }) => !isReady).length
    for (; starting < wanted && mayStart(); starting += 1) start()
  }

  const closedFault = (): WorkerFault => new WorkerFault('The file processes are closed.')
  return {
    processCount: () => workers.length + abandonedCount,
    call: (call) => {
      if (isClosed) return Promise.reject(closedFault())
      const admission = places.admit(call.place)
      if (admission.admit === 'no') return Promise.resolve<Hung>(admission.hung)
      return new Promise((resolve, reject) => {
        const isProbe = admission.admit === 'probe'
        queue.push({
          id: nextId++,
          call,
          isProbe,
          starts: 0,
          isSlow: false,
          slowTimer: undefined,
          limitTimer: undefined,
          resolve,
          reject,
        })
        pump()
      })
    },
    close: () => {
      isClosed = true
      for (const task of queue.splice(0)) task.reject(closedFault())
      for (const worker of [...workers]) {
        for (const task of worker.tasks.values()) {
          finish(worker, task)
          task.reject(closedFault())
        }
        end(worker)
      }
    },
  }
}
