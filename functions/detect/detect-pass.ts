import { ReadFault, type Readers } from '#archive/readers/open-readers.ts'
import type { WatchedInstrument } from '#database/queries/instruments-watched.ts'
import type { HandedOver } from './hand-over.ts'
import { keepInstruments, type InstrumentSources } from './keep-instruments.ts'
import { oneBatchAtATime } from './one-batch-at-a-time.ts'
import { recordSightings, type Sighting } from './record-sightings.ts'

export type DetectParts = InstrumentSources & {
  /** Hands over what is due; one for all passes of a process. */
  readonly handOver: () => Promise<HandedOver>
  /** Instruments that a pass is looking at: the next pass leaves to it those that hang. */
  readonly lookingAt: Set<string>
}

/** Looks are noted together: a statement for each of 1,000 instruments took as long as to read their counters. */
const restBetweenRecordsMs = 25

type PassProblem = { readonly instrument: string | null; readonly reason: string }

export type PassSummary = {
  /** Instruments that are watched. */
  readonly instruments: number
  /** Counters that were read without trouble. */
  readonly looked: number
  /** Runs that were announced now. */
  readonly found: number
  /** Runs that `submit` answered for. */
  readonly handed: number
  readonly problems: readonly PassProblem[]
}

/**
 * One pass: brings the list of instruments up to date, looks at every active one's counter side by side, records new runs with their
 * cursor, and hands over what is due. An instrument that hangs delays no other, nor the next pass.
 * @throws {DatabaseFault} where the database is out of reach; what was not recorded is seen again by the next pass
 */
export const detectPass = async (parts: DetectParts): Promise<PassSummary> => {
  const problems: PassProblem[] = []
  let looked = 0
  let found = 0
  let handed = 0
  const hand = async (): Promise<void> => {
    const result = await parts.handOver()
    handed += result.handed
    for (const [instrument, reason] of result.faults) problems.push({ instrument, reason })
  }
  // What waits already does not wait for any counter.
  const handings = [settled(hand())]

  const { instruments, open, problems: known } = await keepInstruments(parts)
  for (const { instrument, message } of known) problems.push({ instrument, reason: message })

  const record = oneBatchAtATime(async (sightings: readonly Sighting[]) => {
    const recorded = await recordSightings(parts.database, sightings, open)
    for (const { instrument, message } of recorded.problems) problems.push({ instrument, reason: message })
    for (const count of recorded.found.values()) found += count
    if (recorded.found.size > 0) handings.push(settled(hand()))
  }, restBetweenRecordsMs)
  const watch = async (instrument: WatchedInstrument): Promise<void> => {
    parts.lookingAt.add(instrument.name)
    try {
      const sighting = await look(parts.readers, instrument)
      await record(sighting)
      if (sighting.saw === 'counter') looked += 1
    } finally {
      parts.lookingAt.delete(instrument.name)
    }
  }
  const active = instruments.filter((one) => one.active)
  const looks = await Promise.all(
    active.filter(({ name }) => !parts.lookingAt.has(name)).map((one) => settled(watch(one))),
  )
  const faults = [...looks, ...(await Promise.all(handings))].filter((fault) => fault !== undefined)
  if (faults.length > 0) throw faults[0]
  return { instruments: active.length, looked, found, handed, problems }
}

/** Waits for the end and gives the fault, if there was one: what goes on beside it must not be cut off by it. */
const settled = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (fault: unknown) => fault,
  )

const look = async (readers: Readers, instrument: WatchedInstrument): Promise<Sighting> => {
  try {
    const reading = await readers.readLastrun(instrument.name)
    return reading.kind === 'read'
      ? { instrument, saw: 'counter', lastRun: reading.lastRun }
      : { instrument, saw: 'problem', reason: reading.reason }
  } catch (fault) {
    if (!(fault instanceof ReadFault)) throw fault
    return {
      instrument,
      saw: 'problem',
      reason: `The counter of ${instrument.name} could not be read. ${fault.message}`,
    }
  }
}
