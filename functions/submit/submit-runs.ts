import type { ScriptFiles } from '#contracts/script.ts'
import type { Reproduces } from '#contracts/reproduces.ts'
import type { Outcome, Software } from '#contracts/submission.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import type { Database, Sql } from '#database/connection.ts'
import { configurationsForRuns } from '#database/queries/run-configurations.ts'
import { settleDetections, type SettledDetection } from '#database/queries/detections-settle.ts'
import { lockInstrument, recordReductions, type RunToRecord } from '#database/queries/record-reductions.ts'
import {
  knownDetections,
  knownRuns,
  type KnownDetection,
  type KnownRun,
  type SubmittingInstrument,
} from '#database/queries/submission-facts.ts'
import type { ReductionClass } from '#domain/reduction-classes.ts'
import { chooseVariables } from './choose-variables.ts'
import {
  decideFound,
  decideReRun,
  waitForResults,
  type Decision,
  type Finding,
  type ScriptFinding,
} from './decide-run.ts'

/** What submit needs of the archive and the results; the reader processes in production. */
export type Looking = {
  readonly findRun: (instrument: SubmittingInstrument, runNumber: number) => Promise<Finding>
  /** Highest run-version-N on disk for a run (or batch) of an experiment, -1 for none; or why the disk does not say. */
  readonly versionsOnDisk: (
    instrument: SubmittingInstrument,
    rbNumber: number,
    target: string,
  ) => Promise<number | { readonly outOfReach: string }>
}

export type ChosenScript = {
  readonly finding: ScriptFinding
  readonly keep: { readonly files: ScriptFiles } | { readonly sha256: string } | null
}

export type Asked = {
  readonly origin: 'detection' | 'request'
  readonly instrument: SubmittingInstrument
  readonly runNumbers: readonly number[]
  readonly class: ReductionClass
  readonly startedBy: string
  readonly description: string | null
  readonly software: Software | null
  readonly script: ChosenScript
  readonly given: GivenArguments
  /** Names all that is recorded of this request. */
  readonly submission: string
  readonly reproduces: Reproduces | null
  /** Nothing but runs was asked: the instrument's own script, variables and software. */
  readonly isPlain: boolean
}

type Decided = { readonly runNumber: number; readonly decision: Decision; readonly versionsOnDisk: number | undefined }
type Knowledge = {
  readonly runs: ReadonlyMap<number, KnownRun>
  readonly detections: ReadonlyMap<number, KnownDetection>
}

const readKnowledge = async (sql: Sql, asked: Asked): Promise<Knowledge> => ({
  runs: await knownRuns(sql, asked.instrument.name, asked.runNumbers),
  detections: await knownDetections(sql, asked.instrument.name, asked.runNumbers),
})

/** A detected run is reduced once, however often it is handed over. */
const isAlreadyThere = (asked: Asked, knowledge: Knowledge, runNumber: number): boolean =>
  asked.origin === 'detection' && typeof knowledge.runs.get(runNumber)?.latestReductionId === 'number'

const decide = async (asked: Asked, knowledge: Knowledge, looking: Looking, runNumber: number): Promise<Decided> => {
  const known = knowledge.runs.get(runNumber)
  const circumstances = {
    instrument: asked.instrument.name,
    isActive: asked.instrument.isActive,
    script: asked.script.finding,
    detection: knowledge.detections.get(runNumber),
  }
  if (known && known.filePath !== null) {
    return { runNumber, decision: decideReRun(known, circumstances), versionsOnDisk: undefined }
  }
  const decision = decideFound(await looking.findRun(asked.instrument, runNumber), circumstances)
  if (decision.do !== 'queue') return { runNumber, decision, versionsOnDisk: undefined }
  const found = await looking.versionsOnDisk(asked.instrument, decision.rbNumber, String(runNumber))
  return typeof found === 'number'
    ? { runNumber, decision, versionsOnDisk: found }
    : { runNumber, decision: waitForResults(found.outOfReach, circumstances), versionsOnDisk: undefined }
}

const refusalOfWaiting = (
  asked: Asked,
  detection: KnownDetection | undefined,
  runNumber: number,
  { reason, awaits }: Extract<Decision, { do: 'wait' }>,
): string | undefined => {
  if (asked.origin === 'detection') return undefined
  const { name, lastRun } = asked.instrument
  if (lastRun !== null && runNumber > lastRun) {
    return `${name} has not measured run ${runNumber} yet: its last run is ${lastRun}.`
  }
  // What waits is reduced as detected runs are; anything special that was asked would be forgotten meanwhile.
  if (!asked.isPlain || detection?.state === 'submitted') {
    return `${reason} Submit it again when ${awaits === 'archive' ? 'the file is there' : 'it answers'}.`
  }
  return undefined
}

const settledOf = (asked: Asked, { runNumber, decision }: Decided, isPastDeadline: boolean): SettledDetection => {
  if (decision.do !== 'wait') return { runNumber, state: 'submitted' }
  // A run is never given up for our own disk's sake.
  if (isPastDeadline && decision.awaits === 'archive') {
    const reason = `${decision.reason} It was awaited for ${asked.instrument.waitHours} hours and given up.`
    return { runNumber, state: 'given-up', reason }
  }
  return { runNumber, state: 'waiting', ...decision }
}

/**
 * Submits runs of one instrument: looks for their files, decides, and records all in one transaction, together with what
 * `andThen` adds (an idempotent answer). One outcome a run, in the order asked.
 */
export const submitRuns = async (
  database: Database,
  looking: Looking,
  asked: Asked,
  andThen?: (sql: Sql, outcomes: readonly Outcome[]) => Promise<void>,
): Promise<readonly Outcome[]> => {
  const before = await readKnowledge(database, asked)
  const decided = await Promise.all(
    asked.runNumbers
      .filter((runNumber) => !isAlreadyThere(asked, before, runNumber))
      .map((runNumber) => decide(asked, before, looking, runNumber)),
  )

  return database.transaction(async (sql) => {
    await lockInstrument(sql, asked.instrument.name)
    // Looked at again under the lock: another pass may have recorded the same runs while this one was reading files.
    const now = await readKnowledge(sql, asked)
    const outcomes = new Map<number, Outcome>()
    for (const runNumber of asked.runNumbers) {
      const known = now.runs.get(runNumber)
      if (!isAlreadyThere(asked, now, runNumber) || !known) continue
      outcomes.set(runNumber, {
        outcome: 'already-there',
        runNumber,
        reductionId: known.latestReductionId ?? 0,
        version: known.latestVersion ?? 0,
        reason: `Run ${runNumber} has been submitted before.`,
      })
    }
    const open = decided.filter(({ runNumber }) => !outcomes.has(runNumber))
    for (const { runNumber, decision } of open) {
      if (decision.do !== 'wait') continue
      const refusal = refusalOfWaiting(asked, now.detections.get(runNumber), runNumber, decision)
      outcomes.set(
        runNumber,
        refusal === undefined
          ? { outcome: 'waiting', runNumber, reason: decision.reason }
          : { outcome: 'refused', runNumber, reason: refusal },
      )
    }

    const found = new Map(open.map((one) => [one.runNumber, one]))
    const configured = await configurationsForRuns(
      sql,
      asked.instrument.name,
      open.flatMap(({ runNumber, decision }) =>
        decision.do === 'queue' ? [{ runNumber, rbNumber: decision.rbNumber }] : [],
      ),
    )
    const toRecord = open.flatMap(({ runNumber, decision, versionsOnDisk }): RunToRecord[] => {
      if (decision.do === 'wait') return []
      const { metadata, rbNumber } = decision
      const start =
        decision.do === 'queue' ? { state: 'Queued' as const } : { state: 'Skipped' as const, reason: decision.reason }
      const given =
        decision.do === 'queue' && !asked.reproduces
          ? chooseVariables(asked.given, configured, { runNumber, rbNumber: decision.rbNumber })
          : undefined
      return [{ runNumber, metadata, rbNumber, versionsOnDisk, start, given }]
    })
    const recorded = await recordReductions(
      sql,
      { ...asked, instrument: asked.instrument.name, script: asked.script.keep },
      toRecord,
    )
    for (const { runNumber, reductionId, version } of recorded) {
      const decision = found.get(runNumber)?.decision
      outcomes.set(
        runNumber,
        decision?.do === 'skip'
          ? { outcome: 'skipped', runNumber, reductionId, version, reason: decision.reason }
          : { outcome: 'queued', runNumber, reductionId, version },
      )
    }

    const settled = asked.runNumbers.flatMap((runNumber): SettledDetection[] => {
      const outcome = outcomes.get(runNumber)?.outcome
      if (outcome === undefined || outcome === 'refused') return []
      const one = found.get(runNumber)
      if (!one) return [{ runNumber, state: 'submitted' }]
      return [
        settledOf(asked, one, asked.origin === 'detection' && now.detections.get(runNumber)?.isPastDeadline === true),
      ]
    })
    await settleDetections(sql, asked.instrument, asked.origin, settled)

    const answer = asked.runNumbers.flatMap((runNumber) => outcomes.get(runNumber) ?? [])
    await andThen?.(sql, answer)
    return answer
  })
}
