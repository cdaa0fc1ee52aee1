import type { ResultsTrouble } from '#database/queries/processors.ts'
import type { Log } from '#function-server/log.ts'
import { remedyFor } from './results-notices.ts'
import { resultsOf, type Disk } from '#results/disk/open-disk.ts'
import { asResultsFault, type ResultsFault } from '#results/results-fault.ts'
import type { Settings } from './settings.ts'

/** An instrument whose results this processor cannot write now: it claims nothing for it until a probe succeeds. */
export type HeldPlace = {
  readonly instrument: string
  readonly kind: ResultsFault['kind']
  /** What is wrong with which path, without an end. */
  readonly problem: string
  readonly since: Date
}

export type ResultsPlaces = {
  readonly held: () => readonly HeldPlace[]
  /** What people are told: of the held ones, and of finished results that cannot be published although the disk seems well. */
  readonly troubles: () => readonly ResultsTrouble[]
  readonly unpublished: (instrument: string, fault: ResultsFault) => void
  /**
   * A step failed at an instrument's results. Asks the disk itself and holds the instrument where it is in trouble: undefined where all
   * is well, so that what failed was the reduction's own doing, or is over. One that hangs is held without asking.
   */
  readonly failed: (instrument: string, fault: ResultsFault) => Promise<ResultsFault | undefined>
  /** The instrument's results have been seen to be a disk of their own. */
  readonly wasOwnDisk: (instrument: string) => boolean
  readonly sawDisk: (instrument: string, isOwnDisk: boolean) => void
  /** Whether a reduction may be given back once more although the disk seems well: a few times. */
  readonly mayComeAgain: (reductionId: number) => boolean
  /** Told when an instrument is held, or not any more. */
  readonly onChange: (listener: () => void) => void
  readonly close: () => void
}

type Parts = {
  readonly disk: Disk
  readonly settings: Pick<Settings, 'resultsRoot' | 'modes'>
  /** Names this processor's probes. */
  readonly processor: string
  readonly log: Log
  /** How long after a probe that failed the next follows; later ones ever later, up to six times as long. */
  readonly probeAgainMs: number
}

const longestPauses = 6
const mostReturns = 3
/** Who tries to publish again tells again; longer than that takes. */
const unpublishedForMs = 120_000

type Held = HeldPlace & { probes: number; timer: NodeJS.Timeout | undefined }

export const openResultsPlaces = ({ disk, settings, processor, log, probeAgainMs }: Parts): ResultsPlaces => {
  const { resultsRoot, modes } = settings
  const held = new Map<string, Held>()
  const ownDisks = new Set<string>()
  const probing = new Map<string, Promise<ResultsFault | undefined>>()
  const returns = new Map<number, number>()
  const unpublished = new Map<string, ResultsTrouble & { readonly untilMs: number }>()
  const listeners: (() => void)[] = []
  let isClosed = false

  const changed = (): void => {
    for (const listener of listeners) listener()
  }
  const sawDisk = (instrument: string, isOwnDisk: boolean): void => {
    if (isOwnDisk) ownDisks.add(instrument)
  }

  const probe = async (instrument: string): Promise<ResultsFault | undefined> => {
    const place = { resultsRoot, instrument, wasOwnDisk: ownDisks.has(instrument) }
    try {
      sawDisk(instrument, await disk.ask('probe', { place, name: processor, modes }, resultsOf(instrument)))
      letGo(instrument)
      return undefined
    } catch (cause) {
      const fault = asResultsFault(resultsRoot, cause)
      hold(instrument, fault)
      return fault
    }
  }
  /** Several that ask at once share one probe. */
  const probeOnce = (instrument: string): Promise<ResultsFault | undefined> => {
    const running = probing.get(instrument) ?? probe(instrument).finally(() => probing.delete(instrument))
    probing.set(instrument, running)
    return running
  }

  const hold = (instrument: string, { kind, problem }: ResultsFault): void => {
    const before = held.get(instrument)
    const place = before ?? { since: new Date(), probes: 0, timer: undefined }
    const now: Held = { ...place, instrument, kind, problem }
    held.set(instrument, now)
    now.probes += 1
    clearTimeout(now.timer)
    if (isClosed) return
    now.timer = setTimeout(() => void probeOnce(instrument), probeAgainMs * Math.min(now.probes, longestPauses))
    if (before?.kind === kind) return
    log.warn(
      { event: { action: 'results-held' }, labels: { instrument, kind } },
      `nothing is claimed for ${instrument}: ${problem}`,
    )
    changed()
  }
  const letGo = (instrument: string): void => {
    const before = held.get(instrument)
    if (!before) return
    clearTimeout(before.timer)
    held.delete(instrument)
    log.info(
      { event: { action: 'results-free' }, labels: { instrument } },
      `the results of ${instrument} can be written again`,
    )
    changed()
  }

  return {
    held: () =>
      [...held.values()].map(({ instrument, kind, problem, since }) => ({ instrument, kind, problem, since })),
    troubles: () => {
      const nowMs = performance.now()
      const others = [...unpublished.values()].filter(
        ({ instrument, untilMs }) => untilMs > nowMs && !held.has(instrument),
      )
      return [
        ...[...held.values()].map(({ instrument, kind, problem }) => ({
          instrument,
          problem,
          remedy: remedyFor(kind),
        })),
        ...others.map(({ instrument, problem, remedy }) => ({ instrument, problem, remedy })),
      ]
    },
    unpublished: (instrument, { kind, problem }) => {
      const told = {
        instrument,
        problem: `Finished results could not be published: ${problem}`,
        remedy: remedyFor(kind),
      }
      unpublished.set(instrument, { ...told, untilMs: performance.now() + unpublishedForMs })
    },
    failed: async (instrument, fault) => {
      if (fault.kind !== 'hung') return probeOnce(instrument)
      if (!held.has(instrument)) hold(instrument, fault)
      return fault
    },
    wasOwnDisk: (instrument) => ownDisks.has(instrument),
    sawDisk,
    mayComeAgain: (reductionId) => {
      const count = (returns.get(reductionId) ?? 0) + 1
      // Far more than can be in trouble at once: old ones are forgotten.
      if (returns.size > 1_000) returns.clear()
      returns.set(reductionId, count)
      return count <= mostReturns
    },
    onChange: (listener) => void listeners.push(listener),
    close: () => {
      isClosed = true
      for (const { timer } of held.values()) clearTimeout(timer)
    },
  }
}
