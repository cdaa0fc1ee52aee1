import { setTimeout as wait } from 'node:timers/promises'
import type { Claim } from '#database/queries/claim-next.ts'
import { releaseReduction, type DecidedOutcome } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import { openLogWriter } from '#results/log-writer.ts'
import { resultsDirectory, type ResultPlace } from '#results/result-paths.ts'
import { ResultsFault } from '#results/results-fault.ts'
import { discardStaging, stage, type Staging } from '#results/stage.ts'
import { concludeRun, type ConcludedRun, type EndedRun } from './conclude-run.ts'
import { decide } from './decide.ts'
import { lookAtInputs } from './describe-run.ts'
import { filesOfVariables, withFiles } from './files-of-variables.ts'
import { keepLease } from './keep-lease.ts'
import { NoEnvironment, prepareRun } from './prepare-run.ts'
import type { Processor } from './processor.ts'
import { finish, publishResults, type Finished } from './publish-results.ts'
import { holdInputsFixed, InputChanged } from './reproducing.ts'
import { runScript, type RanScript } from './run-script.ts'
import type { StopSwitch } from './watch-script.ts'

/** How a claimed reduction ended here: with an outcome, taken from us, or given back. */
export type Ended = Finished | { readonly state: 'lost' | 'released'; readonly reason: null }

/** The disk for the results is given this long to make a directory. */
const stagingPatienceMs = 60_000

/**
 * One claimed reduction from claim to end: stage, run, watch, conclude, decide, publish. Keeps the lease meanwhile. Throws only
 * after the decision: then the lease runs out, and whoever adopts the reduction publishes it.
 */
export const reduceOne = async (processor: Processor, claim: Claim, stopSwitch: StopSwitch): Promise<Ended> => {
  const keeper = keepLease(processor, claim, stopSwitch.stop)
  try {
    const before = await untilDecided(processor, claim, stopSwitch)
    if ('state' in before) return before
    const { place, decided, concluded } = before
    return await publishResults(processor, claim, place, decided, concluded.extra)
  } finally {
    keeper.stop()
  }
}

type Decision = { readonly place: ResultPlace; readonly decided: DecidedOutcome; readonly concluded: ConcludedRun }

const untilDecided = async (processor: Processor, claim: Claim, stopSwitch: StopSwitch): Promise<Ended | Decision> => {
  const { rbNumber } = claim
  if (rbNumber === null)
    return fail(processor, claim, 'This run belongs to no experiment, so there is no place for its results.')
  const place: ResultPlace = { ...claim, rbNumber }
  try {
    const ended = await stageAndRun(processor, { ...claim, rbNumber }, place, stopSwitch)
    if ('state' in ended) return ended
    const concluded = await concludeRun(processor, ended)
    const decided = {
      ...concluded.outcome,
      scriptSeconds: ended.ran.scriptSeconds,
      resultsPath: resultsDirectory(processor.settings.resultsRoot, place),
    }
    const standing = await decide(processor, claim, decided, concluded.outputs)
    return standing === 'lost' ? await giveUp(processor, claim, 'lost') : { place, decided, concluded }
  } catch (fault) {
    processor.log.error({ ...faultFields(fault), reduction: { id: claim.reductionId } }, 'a reduction could not be run')
    return fail(processor, claim, sentenceFor(fault))
  }
}

/** Gives the reduction's end, or what there is to conclude. */
const stageAndRun = async (
  processor: Processor,
  claim: EndedRun['claim'],
  place: ResultPlace,
  stopSwitch: StopSwitch,
): Promise<Ended | EndedRun> => {
  const claimedAt = new Date()
  await holdInputsFixed(claim)
  const staging = await stageInTime(processor, claim)
  const files = await filesOfVariables(processor, claim, stopSwitch.signal)
  const run = withFiles(prepareRun(processor, claim, staging), files)
  const looking = lookAtInputs(claim)
  const log = await openLogWriter(staging.log, processor.settings.logLimits)
  const ran = await runScript(processor, claim, run, staging, log, stopSwitch)
  const stop = stopSwitch.reason()
  if (stop === 'lost' || (stop === 'released' && !hasEndedByItself(ran))) {
    await log.abandon()
    return await giveUp(processor, claim, stop)
  }
  const asked = stop === 'released' ? undefined : stop
  return { claim, place, run, ran, staging, log, inputs: await looking, stop: asked, claimedAt }
}

const hasEndedByItself = ({ end }: RanScript): boolean => end.kind === 'ended' && !end.stopped

const stageInTime = async (processor: Processor, claim: Claim): Promise<Staging> => {
  const { resultsRoot, modes } = processor.settings
  const patience = new AbortController()
  const tooLate = wait(stagingPatienceMs, undefined, { signal: patience.signal }).then(() => {
    throw new ResultsFault(
      'other',
      `The disk for the results (${resultsRoot}) did not answer for a minute. Re-run this later.`,
    )
  })
  try {
    return await Promise.race([stage(resultsRoot, claim, modes), tooLate])
  } finally {
    tooLate.catch(() => undefined)
    patience.abort()
  }
}

/** Leaves no trace of an attempt whose reduction goes on elsewhere. */
const giveUp = async (processor: Processor, claim: Claim, why: 'lost' | 'released'): Promise<Ended> => {
  await discardStaging(processor.settings.resultsRoot, claim).catch((fault: unknown) =>
    processor.log.warn({ ...faultFields(fault), reduction: { id: claim.reductionId } }, 'staging was left behind'),
  )
  if (why === 'released') {
    // Where the database is away just now, the lease runs out instead, and counts as a lost worker.
    await releaseReduction(processor.database, claim).catch((fault: unknown) =>
      processor.log.warn({ ...faultFields(fault), reduction: { id: claim.reductionId } }, 'could not be given back'),
    )
  }
  return { state: why, reason: null }
}

/** Ends a reduction that has no results to publish. */
const fail = async (processor: Processor, claim: Claim, reason: string): Promise<Ended> => {
  await discardStaging(processor.settings.resultsRoot, claim).catch(() => undefined)
  return finish(processor, claim, { state: 'Error', reason, scriptSeconds: null, resultsPath: null })
}

const sentenceFor = (fault: unknown): string =>
  fault instanceof ResultsFault || fault instanceof NoEnvironment || fault instanceof InputChanged
    ? fault.message
    : 'The service made a mistake with this reduction. It is in the service’s log: re-run it, and tell the team if it happens again.'
