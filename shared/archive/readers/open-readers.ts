import type { Hung } from '#file-workers/hung-places.ts'
import type { WorkerLog } from '#file-workers/pool-settings.ts'
import { openWorkerPool } from '#file-workers/worker-pool.ts'
import { readerProgram } from './reader-program.ts'
import type { InputOf, OperationName, OutputOf } from './operations.ts'

export type { Hung } from '#file-workers/hung-places.ts'
export { WorkerFault as ReadFault } from '#file-workers/worker-pool.ts'

/** Everything may answer that the place hangs, as a value: `kind: 'hung'` with a reason in words. Faults are thrown as ReadFault. */
export type Readers = {
  readonly readLastrun: (instrument: string) => Promise<OutputOf<'readLastrun'> | Hung>
  readonly findAndReadRun: (
    instrument: string,
    run: number,
    prefixes?: readonly string[],
  ) => Promise<OutputOf<'findAndReadRun'> | Hung>
  readonly readScript: (instrument: string) => Promise<OutputOf<'readScript'> | Hung>
  readonly listInstruments: () => Promise<OutputOf<'listInstruments'> | Hung>
  /**
   * Any operation. `place` names what hangs together, usually the instrument: a hung place gets one probe at a time, and no other place
   * waits for it.
   */
  readonly call: <Name extends OperationName>(
    operation: Name,
    input: InputOf<Name>,
    where: { readonly place: string; readonly timeoutMs?: number },
  ) => Promise<OutputOf<Name> | Hung>
  readonly close: () => void
  readonly processCount: () => number
}

export type ReaderSettings = {
  /** The archive's root, `/isis`. */
  readonly root: string
  readonly log: WorkerLog
  /** Readers for ordinary work; each is started when first needed and ended when idle. Default 2. */
  readonly count?: number
  /** Longest wait for lastrun.txt, a script or a listing. Default 5 s. */
  readonly perCallTimeoutMs?: number
  /** Longest wait for a raw file: it is looked for in many folders. Default 20 s. */
  readonly rawFileTimeoutMs?: number
  readonly idleMs?: number
  readonly nowMs?: () => number
  readonly program?: URL
}

// A reader holds a line of text or a file's head at a time: a small heap keeps many of them cheap.
const nodeOptions = [
  '--max-semi-space-size=1',
  '--max-old-space-size=256',
  '--disable-warning=ExperimentalWarning',
  // The HDF5 library is read through once per file: compiling it twice over costs more than it gives.
  '--liftoff-only',
]

/** Opens the reader processes through which archive and results are read. Nothing starts before the first call. */
export const openReaders = (settings: ReaderSettings): Readers => {
  const { root, log } = settings
  const defaultTimeoutMs = settings.perCallTimeoutMs ?? 5_000
  const pool = openWorkerPool({
    log,
    count: settings.count ?? 2,
    mostHeldUp: 12,
    workersPerPlace: 2,
    // HDF5 reads block a process whole.
    callsAtOnce: 1,
    program: { url: settings.program ?? readerProgram(), nodeOptions, threads: 4 },
    describeHung: (place, since) =>
      `The archive's files of ${place} do not answer (since ${since.toISOString().slice(0, 19)}Z): the network drive hangs. They are tried again by themselves.`,
    nowMs: settings.nowMs ?? Date.now,
    idleMs: settings.idleMs ?? 60_000,
  })
  const call: Readers['call'] = async (operation, input, { place, timeoutMs = defaultTimeoutMs }) =>
    // What the registry's operation gives is what its reader sends: the one place where that is taken on trust.
    (await pool.call({ operation, input, place, timeoutMs })) as OutputOf<typeof operation> | Hung

  return {
    call,
    readLastrun: (instrument) => call('readLastrun', { root, instrument }, { place: instrument }),
    findAndReadRun: (instrument, run, prefixes) =>
      call(
        'findAndReadRun',
        { root, instrument, run, prefixes },
        { place: instrument, timeoutMs: settings.rawFileTimeoutMs ?? 20_000 },
      ),
    readScript: (instrument) => call('readScript', { root, instrument }, { place: instrument }),
    listInstruments: () => call('listInstruments', { root }, { place: root }),
    close: pool.close,
    processCount: pool.processCount,
  }
}
