import type { ResultFile } from '#contracts/api.ts'
import { softwareLabel } from '#contracts/environments.ts'
import type { Claim } from '#database/queries/claim-next.ts'
import { extraOf, resultsOf, type AskOptions } from '#results/disk/open-disk.ts'
import type { ExtraDirectories, ExtraDirectory } from '#results/extra-directories.ts'
import type { LogWriter } from '#results/log-writer.ts'
import type { Provenance } from '#results/provenance.ts'
import { autoreducedDirectory, scriptLogName, type ResultPlace } from '#results/result-paths.ts'
import { ResultsFault } from '#results/results-fault.ts'
import type { Staging } from '#results/stage.ts'
import { describeRun } from './describe-run.ts'
import { decideOutcome, outcomesOfTooMuch, remarksOf, type Ending, type Outcome, type StopReason } from './outcome.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { Processor } from './processor.ts'
import { compareWithEarlier } from './reproducing.ts'
import type { RanScript } from './run-script.ts'
import { runnerVersion } from './runner-version.ts'

export type ConcludedRun = {
  readonly outcome: Outcome
  readonly outputs: readonly ResultFile[]
  readonly extra: readonly ExtraDirectory[]
}

/** Everything that is known of a run when its script has ended. */
export type EndedRun = {
  readonly claim: Claim & { readonly rbNumber: number }
  readonly place: ResultPlace
  readonly run: PreparedRun
  readonly ran: RanScript
  readonly staging: Staging
  readonly log: LogWriter
  readonly inputs: Provenance['inputs']
  readonly stop: Exclude<StopReason, 'lost' | 'released'> | undefined
  readonly claimedAt: Date
}

/**
 * Turns what a script left behind into results that only need a rename: tidied, its log finished, the record written, all of it on
 * disk and listed. Decides the outcome, stores nothing.
 * @param onOutcome told what the script's end means, also where the disk then fails
 * @throws {ResultsFault} where the disk fails
 */
export const concludeRun = async (
  processor: Processor,
  ended: EndedRun,
  options: AskOptions,
  onOutcome: (outcome: Outcome) => void,
): Promise<ConcludedRun> => {
  const { claim, place, run, ran, staging } = ended
  const { modes, outputLimitBytes, outputLimitFiles } = processor.settings
  const { disk } = processor
  const where = resultsOf(claim.instrument)
  const ending: Ending = {
    stop: ended.stop,
    end: ran.end,
    report: ran.outcome,
    limits: {
      ...run.launch.limits,
      wallSeconds: claim.timeLimitSeconds,
      outputBytes: outputLimitBytes,
      outputFiles: outputLimitFiles,
    },
    environment: softwareLabel(run.environment),
  }
  const outcome = decideOutcome(ending)
  onOutcome(outcome)
  const closing = ended.log.close(endOf(options))
  const extra = await chooseExtra(processor, ended, options)
  const logEnd = await closing
  const described = {
    ...describeRun(processor, claim, run, ran, ended.inputs, outcome, ended.claimedAt, logEnd),
    service: { runner: await runnerVersion() },
  }
  const reproduces = await compareWithEarlier(processor, claim, described, options)
  const provenance = { ...described, ...(reproduces && { reproduces }) }
  const instead = { removed: withoutDirectory, ...outcomesOfTooMuch(ending.limits) }
  const sealed = await disk.ask(
    'seal',
    {
      staging: { directory: staging.directory, log: staging.log },
      logEnd,
      remarks: { ofRun: [...remarksOf(ending), ...remarksOnVariables(ran)], ofCopies: extra.remarks },
      logName: scriptLogName(place),
      provenance,
      most: { bytes: outputLimitBytes, files: outputLimitFiles },
      instead,
      modes,
    },
    where,
    options,
  )
  const end = sealed.spoiledBy === undefined ? outcome : instead[sealed.spoiledBy]
  return { outcome: end, outputs: sealed.outputs, extra: end.state === 'Completed' ? extra.allowed : [] }
}

/** When whoever asks stops waiting for a step that says nothing. */
const endOf = ({ signal, patienceMs }: AskOptions): AbortSignal =>
  AbortSignal.any([...(signal ? [signal] : []), ...(patienceMs === undefined ? [] : [AbortSignal.timeout(patienceMs)])])

/** They may lie on another disk, named by a script: one that does not answer gets no copy. */
const chooseExtra = async (
  { disk, settings }: Processor,
  { ran, place, claim }: EndedRun,
  options: AskOptions,
): Promise<ExtraDirectories> => {
  const returned = ran.outcome?.kind === 'returned' ? ran.outcome.directories : []
  if (returned.length === 0) return { allowed: [], remarks: [] }
  const input = {
    returned,
    roots: settings.extraRoots,
    ownResults: autoreducedDirectory(settings.resultsRoot, place),
  }
  try {
    return await disk.ask('chooseExtra', input, extraOf(claim.instrument), options)
  } catch (fault) {
    if (!(fault instanceof ResultsFault)) throw fault
    return {
      allowed: [],
      remarks: [`The results were not copied to any directory that main returned. ${fault.problem}.`],
    }
  }
}

const withoutDirectory: Outcome = {
  state: 'Error',
  reason: 'The script removed its own output directory, so there are no results but this log.',
}

const remarksOnVariables = ({ variables }: RanScript): readonly string[] =>
  (variables?.leftOut ?? []).map(
    ({ name, from, reason }) =>
      `“${name}”, configured ${from.kind === 'experiment' ? `for RB ${from.rbNumber}` : `from run ${from.startRun} on`}, was left out: it ${reason}.`,
  )
