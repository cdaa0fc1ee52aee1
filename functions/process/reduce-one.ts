import type { Claim } from '#database/queries/claim-next.ts'
import type { DecidedOutcome } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import { resultsOf, type AskOptions } from '#results/disk/open-disk.ts'
import { openLogWriter, type LogWriter } from '#results/log-writer.ts'
import { resultsDirectory, type ResultPlace } from '#results/result-paths.ts'
import { ResultsFault } from '#results/results-fault.ts'
import type { Provenance } from '#results/provenance.ts'
import type { Staging } from '#results/stage.ts'
import { concludeRun, type ConcludedRun, type EndedRun } from './conclude-run.ts'
import { decide } from './decide.ts'
import { lookAtInputs, type InputLook } from './look-at-inputs.ts'
import { filesOfVariables, withFiles } from './files-of-variables.ts'
import { discard } from './discard-attempt.ts'
import { fail, giveBack, leaveToOthers, type GivenBack } from './give-back.ts'
import { keepLease } from './keep-lease.ts'
import { limitOutput, measureStaging } from './limit-output.ts'
import type { Outcome } from './outcome.ts'
import { NoEnvironment, prepareRun } from './prepare-run.ts'
import type { Processor } from './processor.ts'
import { publishResults, type Finished, type Unpublished } from './publish-results.ts'
import { holdInputsFixed, InputChanged } from './reproducing.ts'
import { runScript, type RanScript } from './run-script.ts'
import type { StopSwitch } from './watch-script.ts'

/** How a claimed reduction ended here: with an outcome, with one that is still to be published, taken from us, or given back. */
export type Ended = Finished | Unpublished | GivenBack

/** A cancelled reduction is over soon, whatever its disk does. */
const patienceWithCancelledMs = 3_000
/** What is nearly done when this processor must stop is done. */
const lastMomentMs = 2_000

/**
 * One claimed reduction from claim to end: stage, run, watch, conclude, decide, publish. Keeps the lease meanwhile. Throws only
 * after the decision: then the lease runs out, and whoever adopts the reduction publishes it.
 */
export const reduceOne = async (processor: Processor, claim: Claim, stopSwitch: StopSwitch): Promise<Ended> => {
  const keeper = keepLease(processor, claim, stopSwitch.stop)
  try {
    const before = await untilDecided(processor, claim, stopSwitch)
    if ('state' in before) return before
    return await publishResults(processor, claim, keeper, before.place, before.decided, soonAfter(stopSwitch.leaving))
  } finally {
    void keeper.stop()
  }
}

type Decision = { readonly place: ResultPlace; readonly decided: DecidedOutcome }

const untilDecided = async (processor: Processor, claim: Claim, stopSwitch: StopSwitch): Promise<Ended | Decision> => {
  const { rbNumber } = claim
  if (rbNumber === null)
    return fail(processor, claim, 'This run belongs to no experiment, so there is no place for its results.')
  const place: ResultPlace = { ...claim, rbNumber }
  try {
    const ended = await stageAndRun(processor, { ...claim, rbNumber }, place, stopSwitch)
    if ('state' in ended) return ended
    const concluded = await concludeInTime(processor, ended, stopSwitch)
    if ('state' in concluded) return concluded
    const decided = {
      ...concluded.outcome,
      scriptSeconds: ended.ran.scriptSeconds,
      resultsPath: resultsDirectory(processor.settings.resultsRoot, place),
      extra: concluded.extra,
    }
    const standing = await decide(processor, claim, decided, concluded.outputs)
    return standing === 'lost' ? await leaveToOthers(processor, claim) : { place, decided }
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
  await holdInputsFixed(processor, claim)
  const staging = await stageOrWait(processor, claim, stopSwitch)
  if ('state' in staging) return staging
  const [files, looks] = await Promise.all([
    filesOfVariables(processor, claim, stopSwitch.signal),
    lookAtInputs(processor, claim),
  ])
  const run = withFiles(prepareRun(processor, claim, staging, looks), files)
  const log = openLog(processor, claim, staging)
  const measure = measureStaging(processor, claim, staging.directory)
  const limiting = limitOutput(measure, processor.rhythm.measureMs, stopSwitch)
  const ran = await runScript(processor, claim, run, log, stopSwitch).finally(limiting.stop)
  const stop = stopSwitch.reason()
  if (stop === 'lost' || (stop === 'released' && !hasEndedByItself(ran))) {
    void log.close()
    return stop === 'lost' ? await leaveToOthers(processor, claim) : await giveBack(processor, claim)
  }
  const asked = stop === 'released' ? undefined : stop
  return {
    claim,
    place,
    run,
    ran,
    staging,
    log,
    inputs: looks.map(inputOf),
    stop: asked,
    claimedAt,
  }
}

const inputOf = ({ path, sizeBytes, modifiedAt }: InputLook): Provenance['inputs'][number] => ({
  path,
  sizeBytes,
  modifiedAt,
})

const hasEndedByItself = ({ end }: RanScript): boolean => end.kind === 'ended' && !end.stopped

/** Nothing has happened yet: where the disk is away, the reduction waits in line until it answers. */
const stageOrWait = async (
  processor: Processor,
  claim: Claim,
  { signal, reason }: StopSwitch,
): Promise<Staging | Ended> => {
  const { disk, places, settings } = processor
  const { instrument } = claim
  const { resultsRoot, modes } = settings
  try {
    const wasOwnDisk = places.wasOwnDisk(instrument)
    const input = { resultsRoot, attempt: claim, modes, wasOwnDisk }
    const staged = await disk.ask('stage', input, resultsOf(instrument), { signal })
    places.sawDisk(instrument, staged.isOwnDisk)
    return staged
  } catch (fault) {
    if (!isPassing(fault)) throw fault
    // Who stops waiting has seen no fault of the disk.
    if (signal.aborted) {
      if (reason() === 'lost') return leaveToOthers(processor, claim)
      return giveBack(processor, claim, reason() === 'cancelled' ? 'It was cancelled before it started.' : undefined)
    }
    const trouble = await places.failed(instrument, fault)
    if (refuses(fault) || (!trouble && !places.mayComeAgain(claim.reductionId))) throw fault
    return giveBack(processor, claim, waitsFor(fault))
  }
}

const openLog = (processor: Processor, { instrument }: Claim, { log }: Staging): LogWriter =>
  openLogWriter({
    limits: processor.settings.logLimits,
    send: (change) => processor.disk.ask('appendLog', { log, change }, resultsOf(instrument)),
    onFault: (fault) => {
      // Seen while the script runs, so that no other is started; the log itself is sent again.
      if (isPassing(fault)) void processor.places.failed(instrument, fault)
    },
  })

/** Concludes, or says why the end of this reduction is another: its disk failed. */
const concludeInTime = async (
  processor: Processor,
  ended: EndedRun,
  stopSwitch: StopSwitch,
): Promise<Ended | ConcludedRun> => {
  const { claim, stop } = ended
  const options: AskOptions = {
    signal: soonAfter(stopSwitch.leaving),
    ...(stop === 'cancelled' ? { patienceMs: patienceWithCancelledMs } : {}),
  }
  const told: { outcome?: Outcome } = {}
  try {
    return await concludeRun(processor, ended, options, (outcome) => {
      told.outcome = outcome
    })
  } catch (fault) {
    if (!isPassing(fault)) throw fault
    if (stop === 'cancelled') {
      const reason = `Cancelled while it ran. What it had written until then could not be kept. ${fault.problem}.`
      return fail(processor, claim, reason, 'Cancelled')
    }
    if (stopSwitch.leaving.aborted) return giveBack(processor, claim)
    processor.log.warn({ ...faultFields(fault), reduction: { id: claim.reductionId } }, 'the results could not be kept')
    return afterDiskFailed(processor, claim, fault, told.outcome)
  }
}

/**
 * The script has ended, and what it left could not be made ready. Where the disk refuses it, that is the end; where the disk is away, the
 * script runs again when it answers.
 */
const afterDiskFailed = async (
  processor: Processor,
  claim: Claim,
  fault: ResultsFault,
  outcome: Outcome | undefined,
): Promise<Ended> => {
  const { places } = processor
  if (fault.kind === 'full') await discard(processor, claim)
  const trouble = await places.failed(claim.instrument, fault)
  if (refuses(fault)) {
    const own = outcome?.reason ? ` The script had ended before, with: ${outcome.reason}` : ''
    return fail(processor, claim, `${fault.message}${own}`)
  }
  if (!trouble && !places.mayComeAgain(claim.reductionId)) return fail(processor, claim, fault.message)
  return giveBack(processor, claim, waitsFor(fault))
}

/** A full or read-only disk says no, and may have been filled by this very reduction: whoever meets it ends with that cause, and others wait. */
const refuses = ({ kind }: ResultsFault): boolean => kind === 'full' || kind === 'read-only'

const waitsFor = (fault: ResultsFault): string =>
  `${fault.problem}. It waits in line and starts again by itself when the disk is well.`

const isPassing = (fault: unknown): fault is ResultsFault => fault instanceof ResultsFault && fault.retryable

const soonAfter = (leaving: AbortSignal): AbortSignal => {
  const late = new AbortController()
  const leave = (): void => void setTimeout(() => late.abort(), lastMomentMs)
  if (leaving.aborted) leave()
  else leaving.addEventListener('abort', leave, { once: true })
  return late.signal
}

const sentenceFor = (fault: unknown): string =>
  fault instanceof ResultsFault || fault instanceof NoEnvironment || fault instanceof InputChanged
    ? fault.message
    : 'The service made a mistake with this reduction. It is in the service’s log: re-run it, and tell the team if it happens again.'
