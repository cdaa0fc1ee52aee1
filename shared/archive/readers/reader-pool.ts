import { startReaderChild, type ReaderChild } from './reader-child.ts'
import { rememberHungPlaces, type Hung } from './hung-places.ts'
import type { Reply } from './messages.ts'

/** A read failed in a way that says nothing about the file: its process broke, or the operation has a defect. */
export class ReadFault extends Error {
  override readonly name = 'ReadFault'
  readonly retryable = true
}

export type ReaderLog = {
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
}

export type PoolSettings = {
  readonly program: URL
  /** Readers that are kept for ordinary work; more are started while these are held up. */
  readonly count: number
  readonly log: ReaderLog
  readonly nowMs: () => number
  /** A reader without work for so long is ended. */
  readonly idleMs: number
}

type PoolCall = {
  readonly operation: string
  readonly input: unknown
  readonly place: string
  readonly timeoutMs: number
}

export type ReaderPool = {
  readonly call: (call: PoolCall) => Promise<unknown>
  readonly close: () => void
  /** For tests and metrics: processes that live, the given up among them. */
  readonly processCount: () => number
}

// Beyond this a reader counts as held up, and others no longer wait for it.
const slowAfterMs = 250
/** How many held-up readers there may be beside the ordinary ones. */
const mostHeldUp = 12
/** One place never takes more readers than this: ten reads of a hanging drive must not hold up ten readers. */
const mostPerPlace = 2
/** Where so many given-up readers are stuck in the kernel, no more are started: then the whole archive hangs. */
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

type Reader = {
  readonly child: ReaderChild
  ready: boolean
  task: Task | undefined
  isSlow: boolean
  timers: NodeJS.Timeout[]
}

/**
 * A few processes that read for this one and can be given up. A call that exceeds its limit has its process killed and forgotten;
 * calls for other places get another process and never wait for it.
 */
export const openReaderPool = (settings: PoolSettings): ReaderPool => {
  const places = rememberHungPlaces(settings.nowMs)
  const readers: Reader[] = []
  const queue: Task[] = []
  let abandonedCount = 0
  let closed = false
  let nextId = 1

  const clearTimers = (reader: Reader): void => {
    for (const timer of reader.timers) clearTimeout(timer)
    reader.timers = []
  }
  const after = (reader: Reader, ms: number, act: () => void): void => {
    // The answer may lie unread in the channel after this process itself was held up: let it be read first.
    reader.timers.push(setTimeout(() => setImmediate(act), ms).unref())
  }
  const forget = (reader: Reader): void => {
    clearTimers(reader)
    const at = readers.indexOf(reader)
    if (at !== -1) readers.splice(at, 1)
  }
  const end = (reader: Reader): void => {
    forget(reader)
    reader.child.abandon()
  }

  const start = (): void => {
    const reader: Reader = {
      child: startReaderChild(settings.program, { reply: (reply) => heard(reader, reply), ended: () => broke(reader) }),
      ready: false,
      task: undefined,
      isSlow: false,
      timers: [],
    }
    readers.push(reader)
    after(reader, startLimitMs, () => {
      if (!reader.ready) reader.child.abandon()
    })
  }

  const give = (reader: Reader, task: Task): void => {
    clearTimers(reader)
    reader.task = task
    reader.child.hold(true)
    reader.isSlow = task.isProbe
    reader.child.send({ id: task.id, operation: task.call.operation, input: task.call.input })
    after(reader, slowAfterMs, () => {
      if (reader.task !== task) return
      reader.isSlow = true
      pump()
    })
    after(reader, task.call.timeoutMs, () => {
      if (reader.task === task) giveUp(reader, task)
    })
  }

  const giveUp = (reader: Reader, task: Task): void => {
    const { place, operation, timeoutMs } = task.call
    end(reader)
    abandonedCount += 1
    void reader.child.ended.then(() => {
      abandonedCount -= 1
      pump()
    })
    const isNew = places.look(place) === undefined
    const hung = places.timedOut(place, reader.child.ended)
    if (isNew) {
      settings.log.warn(
        { event: { action: 'place-hangs' }, archive: { place, operation }, process: { pid: reader.child.pid } },
        `${place} gave no answer to ${operation} within ${timeoutMs} ms; its reader was killed`,
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

  const heard = (reader: Reader, reply: Reply): void => {
    if (reply.kind === 'ready') {
      reader.ready = true
      rest(reader)
      pump()
      return
    }
    const task = reader.task
    if (!task || task.id !== reply.id) return
    reader.task = undefined
    reader.isSlow = false
    if (places.answered(task.call.place)) {
      settings.log.info(
        { event: { action: 'place-answers' }, archive: { place: task.call.place } },
        `${task.call.place} answers again`,
      )
    }
    if (reply.kind === 'answer') task.resolve(reply.output)
    else task.reject(new ReadFault(`Reading ${task.call.place} failed (${task.call.operation}): ${reply.message}`))
    const isSurplus = readers.filter((other) => !other.isSlow).length > settings.count
    if (reply.kind === 'answer' && reply.retires) forget(reader)
    else if (isSurplus && queue.length === 0) end(reader)
    else rest(reader)
    pump()
  }

  const rest = (reader: Reader): void => {
    clearTimers(reader)
    reader.child.hold(false)
    after(reader, settings.idleMs, () => {
      if (!reader.task) end(reader)
    })
  }

  /** The process ended by itself, at its start or under a task: the task is tried once more, by another. */
  const broke = (reader: Reader): void => {
    if (!readers.includes(reader)) return
    forget(reader)
    const task = reader.task ?? (reader.ready ? undefined : queue.shift())
    if (!task) return pump()
    task.starts += 1
    if (task.starts < mostStarts && !closed) queue.unshift(task)
    else {
      if (task.isProbe) places.probeLost(task.call.place)
      task.reject(
        new ReadFault(`The process that read ${task.call.place} (${task.call.operation}) ended without an answer.`),
      )
    }
    pump()
  }

  const running = (place: string): number => readers.filter((reader) => reader.task?.call.place === place).length

  const pump = (): void => {
    for (;;) {
      const place = queue.findIndex((task) => running(task.call.place) < mostPerPlace)
      const task = queue[place]
      if (!task || closed) return
      const idle = readers.findLast((reader) => reader.ready && !reader.task)
      if (!idle) return startMore()
      queue.splice(place, 1)
      give(idle, task)
    }
  }

  const startMore = (): void => {
    const starting = readers.filter((reader) => !reader.ready).length
    const slow = readers.filter((reader) => reader.isSlow).length
    const lively = readers.length - slow
    if (abandonedCount >= mostAbandoned) {
      if (readers.length > 0) return
      for (const task of queue.splice(0)) task.resolve(places.timedOut(task.call.place, Promise.resolve()))
      return
    }
    if (starting < queue.length && lively < settings.count && slow <= mostHeldUp) {
      start()
      startMore()
    }
  }

  return {
    processCount: () => readers.length + abandonedCount,
    call: (call) => {
      if (closed) return Promise.reject(new ReadFault('The readers are closed.'))
      const admission = places.admit(call.place)
      if (admission.admit === 'no') return Promise.resolve<Hung>(admission.hung)
      return new Promise((resolve, reject) => {
        queue.push({ id: nextId++, call, isProbe: admission.admit === 'probe', starts: 0, resolve, reject })
        pump()
      })
    },
    close: () => {
      closed = true
      for (const task of queue.splice(0)) task.reject(new ReadFault('The readers are closed.'))
      for (const reader of [...readers]) {
        reader.task?.reject(new ReadFault('The readers are closed.'))
        end(reader)
      }
    },
  }
}
