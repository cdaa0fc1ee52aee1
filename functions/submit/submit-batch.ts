import type { Outcome } from '#contracts/submission.ts'
import type { Database, Sql } from '#database/connection.ts'
import { recordBatch, type BatchedRun } from '#database/queries/record-batch.ts'
import { configurationsForRuns } from '#database/queries/run-configurations.ts'
import { lockInstrument } from '#database/queries/record-reductions.ts'
import { knownRuns, type KnownRun } from '#database/queries/submission-facts.ts'
import { batchTarget } from '#domain/batches.ts'
import { parseRbNumber } from '#domain/rb-number.ts'
import { chooseVariables } from './choose-variables.ts'
import { decideBatch, type BatchRun } from './decide-batch.ts'
import type { Asked, Looking } from './submit-runs.ts'

export type SubmittedBatch = { readonly outcomes: readonly Outcome[] } | { readonly refusal: string }

type Found = { readonly run: BatchRun; readonly metadata: BatchedRun['metadata'] }

/** Runs that the database knows are not read again; others must be there now: a batch does not wait. */
const findRun = async (
  looking: Looking,
  asked: Asked,
  runNumber: number,
  known: KnownRun | undefined,
): Promise<Found> => {
  if (known && known.filePath !== null) {
    return { run: { runNumber, rbNumber: known.rbNumber, rbText: known.rbText }, metadata: undefined }
  }
  const finding = await looking.findRun(asked.instrument, runNumber)
  if (finding.kind !== 'read') return { run: { runNumber, trouble: finding.reason }, metadata: undefined }
  const { rbText } = finding.metadata
  const rbNumber = parseRbNumber(rbText ?? '') ?? null
  return { run: { runNumber, rbNumber, rbText }, metadata: { ...finding.metadata, rbNumber } }
}

/** What is configured for its experiment, or from the latest start run up to its first. */
const givenForBatch = async (
  sql: Sql,
  { instrument, given }: Asked,
  runNumber: number,
  rbNumber: number | null,
): Promise<Asked['given']> => {
  if (rbNumber === null) return given
  const run = { runNumber, rbNumber }
  return chooseVariables(given, await configurationsForRuns(sql, instrument.name, [run]), run)
}

/**
 * Submits several runs of one experiment as one reduction, recorded in one transaction with what `andThen` adds. The runs' own newest
 * reductions stay what they are.
 */
export const submitBatch = async (
  database: Database,
  looking: Looking,
  asked: Asked,
  andThen: (sql: Sql, outcomes: readonly Outcome[]) => Promise<void>,
): Promise<SubmittedBatch> => {
  const { instrument } = asked
  const runNumbers = asked.runNumbers.toSorted((left, right) => left - right)
  const known = await knownRuns(database, instrument.name, runNumbers)
  const found = await Promise.all(runNumbers.map((run) => findRun(looking, asked, run, known.get(run))))
  const decision = decideBatch(
    found.map(({ run }) => run),
    { instrument: instrument.name, isActive: instrument.isActive, script: asked.script.finding },
  )
  if (decision.do === 'refuse') return { refusal: decision.reason }

  const target = batchTarget(runNumbers)
  const { rbNumber } = decision
  const versionsOnDisk = rbNumber === null ? -1 : await looking.versionsOnDisk(instrument, rbNumber, target)
  if (typeof versionsOnDisk !== 'number')
    return { refusal: `${versionsOnDisk.outOfReach} Submit it again when it answers.` }
  return database.transaction(async (sql) => {
    await lockInstrument(sql, instrument.name)
    const given = asked.reproduces ? asked.given : await givenForBatch(sql, asked, runNumbers[0] ?? 0, rbNumber)
    const { reductionId, version } = await recordBatch(
      sql,
      { ...asked, given, instrument: instrument.name, script: asked.script.keep },
      {
        target,
        rbNumber,
        versionsOnDisk,
        start: decision.do === 'queue' ? { state: 'Queued' } : { state: 'Skipped', reason: decision.reason },
        runs: found.map(({ run: { runNumber }, metadata }) => ({ runNumber, metadata })),
      },
    )
    const common = { runNumber: runNumbers[0] ?? 0, batch: runNumbers, reductionId, version }
    const outcome: Outcome =
      decision.do === 'queue'
        ? { outcome: 'queued', ...common }
        : { outcome: 'skipped', ...common, reason: decision.reason }
    await andThen(sql, [outcome])
    return { outcomes: [outcome] }
  })
}
