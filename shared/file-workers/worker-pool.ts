import { startWorkerChild, type WorkerChild } from './worker-child.ts'
import { rememberHungPlaces, type Hung } from './hung-places.ts'
import type { Reply } from './messages.ts'

/** A read failed in a way that says nothing about the file: its process broke, or the operation has a defect. */
export class WorkerFault extends Error {
  override readonly name = 'WorkerFault'
  readonly retryable = true
}

export type WorkerLog = {
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
}

export type PoolSettings = {
  readonly program: URL
  /** Workers that are kept for ordinary work; more are started while these are held up. */
  readonly count: number
  readonly log: WorkerLog
  readonly nowMs: () => number
  /** A worker without work for so long is ended. */
  readonly idleMs: number
}

type PoolCall = {
  readonly operation: string
  readonly input: unknown
  readonly place: string
  readonly timeoutMs: number
}

export type WorkerPool = {
  readonly call: (call: PoolCall) => Promise<unknown>
  readonly close: () => void
  /** For tests and metrics: processes that live, the given up among them. */
  readonly processCount: () => number
}

// Beyond this a worker counts as held up, and others no longer wait for it.
const slowAfterMs = 250
/** How many held-up workers there may be beside the ordinary ones. */
const mostHeldUp = 12
/** One place never takes more workers than this: ten reads of a hanging drive must not hold up ten workers. */
const mostPerPlace = 2
/** Where so many given-up workers are stuck in the kernel, no more are started: then the whole archive hangs. */
const mostAbandoned = 24
const startLimitMs = 30_000
const mostStarts = 2

type Task = {
  readonly id: number
  readonly call: PoolCall
  readonly isProbe: boolean
  starts: number
  readonly resolve: (output: unknown) => void
  readonly reject: (fault: Error) => void
}

type Worker = {
  readonly child: WorkerChild
  ready: boolean
  task: Task | undefined
  isSlow: boolean
  timers: NodeJS.Timeout[]
}

/**
 * A few processes that read for this one and can be given up. A call that exceeds its limit has its process killed and forgotten;
 * calls for other places get another process and never wait for it.
 */
export const openWorkerPool = (settings: PoolSettings): WorkerPool => {
  const places = rememberHungPlaces(settings.nowMs)
  const workers: Worker[] = []
  const queue: Task[] = []
  let abandonedCount = 0
  let closed = false
  let nextId = 1

  const clearTimers = (worker: Worker): void => {
    for (const timer of worker.timers) clearTimeout(timer)
    worker.timers = []
  }
  const after = (worker: Worker, ms: number, act: () => void): void => {
    // The answer may lie unread in the channel after this process itself was held up: let it be read first.
    worker.timers.push(setTimeout(() => setImmediate(act), ms).unref())
  }
  const forget = (worker: Worker): void => {
    clearTimers(worker)
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
      ready: false,
      task: undefined,
      isSlow: false,
      timers: [],
    }
    workers.push(worker)
    after(worker, startLimitMs, () => {
      if (!worker.ready) worker.child.abandon()
    })
  }

  const give = (worker: Worker, task: Task): void => {
    clearTimers(worker)
    worker.task = task
    worker.child.hold(true)
    worker.isSlow = task.isProbe
    worker.child.send({ id: task.id, operation: task.call.operation, input: task.call.input })
    after(worker, slowAfterMs, () => {
      if (worker.task !== task) return
      worker.isSlow = true
      pump()
    })
    after(worker, task.call.timeoutMs, () => {
      if (worker.task === task) giveUp(worker, task)
    })
  }

  const giveUp = (worker: Worker, task: Task): void => {
    const { place, operation, timeoutMs } = task.call
    end(worker)
    abandonedCount += 1
    void worker.child.ended.then(() => {
      abandonedCount -= 1
      pump()
    })
    const isNew = places.look(place) === undefined
    const hung = places.timedOut(place, worker.child.ended)
    if (isNew) {
      settings.log.warn(
        { event: { action: 'place-hangs' }, archive: { place, operation }, process: { pid: worker.child.pid } },
        `${place} gave no answer to ${operation} within ${timeoutMs} ms; its process was killed`,
      )
    }
    task.resolve(hung)
    // Who waits for the same place would only hang too.
    for (const waiting of queue.filter((other) => other.call.place === place)) {
      queue.splice(queue.indexOf(waiting), 1)
      waiting.resolve(hung)
    }
    pump()
  }

  const heard = (worker: Worker, reply: Reply): void => {
    if (reply.kind === 'ready') {
      worker.ready = true
      rest(worker)
      pump()
      return
    }
    const task = worker.task
    if (!task || task.id !== reply.id) return
    worker.task = undefined
    worker.isSlow = false
    if (places.answered(task.call.place)) {
      settings.log.info(
        { event: { action: 'place-answers' }, archive: { place: task.call.place } },
        `${task.call.place} answers again`,
      )
    }
    if (reply.kind === 'answer') task.resolve(reply.output)
    else task.reject(new WorkerFault(`Reading ${task.call.place} failed (${task.call.operation}): ${reply.message}`))
    const isSurplus = workers.filter((other) => !other.isSlow).length > settings.count
    if (reply.kind === 'answer' && reply.retires) forget(worker)
    else if (isSurplus && queue.length === 0) end(worker)
    else rest(worker)
    pump()
  }

  const rest = (worker: Worker): void => {
    clearTimers(worker)
    worker.child.hold(false)
    after(worker, settings.idleMs, () => {
      if (!worker.task) end(worker)
    })
  }

  /** The process ended by itself, at its start or under a task: the task is tried once more, by another. */
  const broke = (worker: Worker): void => {
    if (!workers.includes(worker)) return
    forget(worker)
    const task = worker.task ?? (worker.ready ? undefined : queue.shift())
    if (!task) return pump()
    task.starts += 1
    if (task.starts < mostStarts && !closed) queue.unshift(task)
    else {
      if (task.isProbe) places.probeLost(task.call.place)
      task.reject(
        new WorkerFault(`The process that read ${task.call.place} (${task.call.operation}) ended without an answer.`),
      )
    }
    pump()
  }

  const running = (place: string): number => workers.filter((worker) => worker.task?.call.place === place).length

  const pump = (): void => {
    for (;;) {
      const place = queue.findIndex((task) => running(task.call.place) < mostPerPlace)
      const task = queue[place]
      if (!task || closed) return
      const idle = workers.findLast((worker) => worker.ready && !worker.task)
      if (!idle) return startMore()
      queue.splice(place, 1)
      give(idle, task)
    }
  }

  const startMore = (): void => {
    const starting = workers.filter((worker) => !worker.ready).length
    const slow = workers.filter((worker) => worker.isSlow).length
    const lively = workers.length - slow
    if (abandonedCount >= mostAbandoned) {
      if (workers.length > 0) return
      for (const task of queue.splice(0)) task.resolve(places.timedOut(task.call.place, Promise.resolve()))
      return
    }
    if (starting < queue.length && lively < settings.count && slow <= mostHeldUp) {
      start()
      startMore()
    }
  }

  return {
    processCount: () => workers.length + abandonedCount,
    call: (call) => {
      if (closed) return Promise.reject(new WorkerFault('The file processes are closed.'))
      const admission = places.admit(call.place)
      if (admission.admit === 'no') return Promise.resolve<Hung>(admission.hung)
      return new Promise((resolve, reject) => {
        queue.push({ id: nextId++, call, isProbe: admission.admit === 'probe', starts: 0, resolve, reject })
        pump()
      })
    },
    close: () => {
      closed = true
      for (const task of queue.splice(0)) task.reject(new WorkerFault('The file processes are closed.'))
      for (const worker of [...workers]) {
        worker.task?.reject(new WorkerFault('The file processes are closed.'))
        end(worker)
      }
    },
  }
}
