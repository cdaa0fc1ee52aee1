import type { Hung } from '#file-workers/hung-places.ts'
import type { WorkerLog } from '#file-workers/pool-settings.ts'
import { openWorkerPool, WorkerFault } from '#file-workers/worker-pool.ts'
import { hungFault, ResultsFault } from '../results-fault.ts'
import { outputOf, type DiskAnswer } from './answers.ts'
import { diskProgram } from './disk-program.ts'
import type { DiskInput, DiskOperation, DiskOutput } from './operations.ts'

/**
 * The results disk, worked on by processes that can be given up: whoever asks has an answer in time, whatever the disk does. One that
 * hangs costs one process a place, and no other place waits for it.
 */
export type Disk = {
  /**
   * @param place what hangs together: see {@link resultsOf} and its like
   * @throws {ResultsFault} `hung` where the place gives no answer
   */
  readonly ask: <Name extends DiskOperation>(
    operation: Name,
    input: DiskInput<Name>,
    place: string,
    options?: AskOptions,
  ) => Promise<DiskOutput<Name>>
  readonly close: () => void
  /** Processes that live, the given up among them. */
  readonly processCount: () => number
}

export type AskOptions = {
  /** Whoever asks waits no longer than this without an answer or a word of progress. The work goes on; the place is not given up. */
  readonly patienceMs?: number
  /** Whoever asks stops waiting. */
  readonly signal?: AbortSignal
}

export type DiskSettings = {
  readonly log: WorkerLog
  /** How many places are worked on at a time; each takes a process. */
  readonly places: number
  /** Longest time without an answer or a word of progress before a place counts as hung. */
  readonly silenceMs: number
  readonly nowMs?: () => number
}

/** An instrument's results hang together, and apart from its archive. */
export const resultsOf = (instrument: string): string => `the results of ${instrument}`
export const archiveOf = (instrument: string): string => `the archive of ${instrument}`
/** Where scripts have copies made; another disk, perhaps. */
export const extraOf = (instrument: string): string => `the extra directories of ${instrument}`
export const resultsRootPlace = 'the results root'

/** Half of these may not be done twice: what is found the second time is not what the first found. */
const notRepeatable: ReadonlySet<DiskOperation> = new Set(['seal', 'addRemarks', 'copyExtra'])

export const usualSilenceMs = 30_000

/** Opens the processes; none starts before the first question, and each ends when idle. */
export const openDisk = ({ log, places, silenceMs, nowMs = Date.now }: DiskSettings): Disk => {
  const callsAtOnce = 16
  const pool = openWorkerPool({
    program: {
      url: diskProgram(),
      nodeOptions: ['--max-semi-space-size=2', '--disable-warning=ExperimentalWarning'],
      threads: callsAtOnce,
    },
    count: places,
    mostHeldUp: places,
    workersPerPlace: 1,
    callsAtOnce,
    log,
    nowMs,
    idleMs: 300_000,
    describeHung: (place) => `${place} does not answer.`,
  })
  return {
    ask: async (operation, input, place, options) => {
      const patience = openPatience(place, options)
      const call = {
        operation,
        input,
        place,
        timeoutMs: silenceMs,
        isRepeatable: !notRepeatable.has(operation),
        onProgress: patience.renew,
      }
      const answering = pool.call(call).catch((fault: unknown) => {
        if (fault instanceof WorkerFault) throw brokenOff(fault)
        throw fault
      })
      try {
        // What the program's operation gives is what it sends: the one place where that is taken on trust.
        const answer = (await Promise.race([answering, patience.lost])) as
          DiskAnswer<DiskOutput<typeof operation>> | Hung
        if (answer.kind === 'hung') throw hungFault(place, answer.since)
        return outputOf(answer)
      } finally {
        patience.end()
        answering.catch(() => undefined)
      }
    },
    close: pool.close,
    processCount: pool.processCount,
  }
}

/** `lost` rejects when whoever asks waits no longer. */
const openPatience = (place: string, { patienceMs, signal }: AskOptions = {}) => {
  const { promise: lost, reject } = Promise.withResolvers<never>()
  lost.catch(() => undefined)
  const began = new Date()
  const leave = (): void => reject(hungFault(place, began))
  let timer: NodeJS.Timeout | undefined
  const renew = (allowMs = 0): void => {
    clearTimeout(timer)
    if (patienceMs !== undefined) timer = setTimeout(leave, patienceMs + allowMs)
  }
  renew()
  if (signal?.aborted) leave()
  signal?.addEventListener('abort', leave, { once: true })
  return {
    lost,
    renew,
    end: (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', leave)
    },
  }
}

const brokenOff = (fault: WorkerFault): ResultsFault =>
  new ResultsFault(
    'other',
    `Work on the results broke off (${fault.message})`,
    'Re-run the reduction, and tell the service’s team if it happens again.',
    fault,
  )
