import type { Database, Sql } from '#database/connection.ts'
import {
  advanceCursors,
  lockCursors,
  noteLooks,
  startCursors,
  type LockedCursor,
} from '#database/queries/cursors-advance.ts'
import { recordDetections } from '#database/queries/detections-record.ts'
import type { WatchedInstrument } from '#database/queries/instruments-watched.ts'
import { endNotices } from '#database/queries/notices-end.ts'
import { openKeyOf, raiseNotices, unsettledQuestions, type RaisedNotice } from '#database/queries/notices-raise.ts'
import {
  counterNoticeKeys,
  counterProblemNotice,
  gapNotice,
  noticeKindsOfCounters,
  steppedBackNotice,
} from './counter-messages.ts'
import { decideCounter, type CounterDecision } from './decide-counter.ts'

/** What a look at one instrument's counter gave. */
export type Sighting = { readonly instrument: WatchedInstrument } & (
  { readonly saw: 'counter'; readonly lastRun: number } | { readonly saw: 'problem'; readonly reason: string }
)

export type Recorded = {
  /** Runs that were announced now, by instrument. */
  readonly found: ReadonlyMap<string, number>
  readonly problems: readonly RaisedNotice[]
}

type Seen = Extract<Sighting, { saw: 'counter' }>

/**
 * Writes what looks at several counters gave, in one transaction: the new cursors with a detection for every new run, and notices
 * raised and ended. Cursors are compared again under their lock, so two passes at once announce no run twice. Where
 * nothing changed, which is nearly always, one statement notes when it was looked.
 * @param open keys of the notices that stand open
 */
export const recordSightings = async (
  database: Database,
  sightings: readonly Sighting[],
  open: ReadonlySet<string>,
): Promise<Recorded> => {
  const isQuiet = (sighting: Sighting): boolean =>
    sighting.saw === 'counter' &&
    sighting.lastRun === sighting.instrument.lastRun &&
    sighting.instrument.steppedBackTo === null &&
    counterNoticeKeys(sighting.instrument.name).every((key) => !open.has(key))
  const quiet = sightings.filter(isQuiet)
  const others = sightings.filter((sighting) => !isQuiet(sighting))
  await noteLooks(
    database,
    quiet.map(({ instrument }) => ({ instrument: instrument.name, steppedBackTo: null })),
  )
  if (others.length === 0) return { found: new Map(), problems: [] }
  return database.transaction((sql) => recordChanges(sql, others, open))
}

const recordChanges = async (
  sql: Sql,
  sightings: readonly Sighting[],
  open: ReadonlySet<string>,
): Promise<Recorded> => {
  const seen = sightings.filter((sighting) => sighting.saw === 'counter')
  const cursors = seen.length > 0 ? await lockCursors(sql, seen.map(nameOf)) : new Map<string, LockedCursor>()
  const decided = seen.map((sighting) => {
    const cursor = cursors.get(nameOf(sighting))
    return { sighting, cursor, decision: decideCounter(cursor, sighting.lastRun, sighting.instrument.gapLimit) }
  })
  const advances = decided.flatMap(({ sighting, decision }) =>
    decision.decision === 'advance' ? [{ sighting, first: decision.first, last: decision.last }] : [],
  )
  await startCursors(sql, moves(decided.filter(({ decision }) => decision.decision === 'first-sight')))
  await advanceCursors(sql, moves(advances))
  await recordDetections(
    sql,
    advances.map(({ sighting, first, last }) => ({
      instrument: nameOf(sighting),
      first,
      last,
      waitHours: sighting.instrument.waitHours,
    })),
  )
  const standing = decided.filter(
    ({ decision }) => decision.decision !== 'first-sight' && decision.decision !== 'advance',
  )
  await noteLooks(
    sql,
    standing.map(({ sighting, decision }) => ({ instrument: nameOf(sighting), steppedBackTo: stepBackOf(decision) })),
  )

  const problems = sightings.flatMap((sighting) =>
    sighting.saw === 'problem' ? [counterProblemNotice(nameOf(sighting), sighting.reason)] : [],
  )
  const questions = await unsettledQuestions(
    sql,
    decided
      .map(({ sighting, decision }) => questionOf(sighting, decision))
      .filter((question) => question !== undefined),
  )
  await raiseNotices(sql, [...problems, ...questions])
  await endNotices(sql, noLongerTrue(decided, open), 'It ended by itself: lastrun.txt is well again.')
  return {
    found: new Map(advances.map(({ sighting, first, last }) => [nameOf(sighting), last - first + 1])),
    problems: [...problems, ...questions],
  }
}

const nameOf = ({ instrument }: Sighting): string => instrument.name

const moves = (decided: readonly { readonly sighting: Seen }[]) =>
  decided.map(({ sighting }) => ({ instrument: nameOf(sighting), lastRun: sighting.lastRun }))

const stepBackOf = (decision: CounterDecision): number | null =>
  decision.decision === 'step-back-seen' || decision.decision === 'stepped-back' ? decision.lastRun : null

const questionOf = ({ instrument }: Sighting, decision: CounterDecision): RaisedNotice | undefined => {
  if (decision.decision === 'stepped-back') return steppedBackNotice(instrument.name, decision.cursor, decision.lastRun)
  if (decision.decision === 'gap-too-large') {
    return gapNotice(instrument.name, decision.cursor, decision.lastRun, instrument.gapLimit)
  }
  return undefined
}

/** A counter that was read ends the notice that it cannot be; its questions end where the numbers do not ask them any more. */
const noLongerTrue = (
  decided: readonly { readonly sighting: Seen; readonly decision: CounterDecision }[],
  open: ReadonlySet<string>,
): readonly string[] =>
  decided
    .flatMap(({ sighting, decision: { decision } }) =>
      noticeKindsOfCounters
        .filter((kind) => !isStillAsked(kind, decision))
        .map((kind) => openKeyOf({ kind, instrument: nameOf(sighting) })),
    )
    .filter((key) => open.has(key))

const isStillAsked = (kind: (typeof noticeKindsOfCounters)[number], decision: CounterDecision['decision']): boolean =>
  (kind === 'counter-stepped-back' && (decision === 'stepped-back' || decision === 'step-back-seen')) ||
  (kind === 'gap-too-large' && decision === 'gap-too-large')
