import type { ResultFile } from '#contracts/api.ts'
import type { Claim } from '#database/queries/claim-next.ts'
import { listOutputs } from '#results/list-outputs.ts'
import type { LogWriter } from '#results/log-writer.ts'
import type { Provenance } from '#results/provenance.ts'
import { autoreducedDirectory, scriptLogName, type ResultPlace } from '#results/result-paths.ts'
import { asResultsFault } from '#results/results-fault.ts'
import { seal } from '#results/seal.ts'
import type { Staging } from '#results/stage.ts'
import { tidyStaging } from '#results/tidy-staging.ts'
import { softwareLabel } from '#contracts/environments.ts'
import { describeRun } from './describe-run.ts'
import { chooseExtraDirectories, type ExtraDirectory } from '#results/extra-directories.ts'
import { decideOutcome, remarksOf, type Ending, type Outcome, type StopReason } from './outcome.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { Processor } from './processor.ts'
import type { RanScript } from './run-script.ts'

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
 * @throws {ResultsFault} where the disk fails
 */
export const concludeRun = async (processor: Processor, ended: EndedRun): Promise<ConcludedRun> => {
  const { claim, place, run, ran, staging, log } = ended
  const { modes, resultsRoot, extraRoots, outputLimitBytes } = processor.settings
  try {
    if (ran.logFault !== undefined) throw ran.logFault
    const ending: Ending = {
      stop: ended.stop,
      end: ran.end,
      report: ran.outcome,
      limits: { wallSeconds: claim.timeLimitSeconds, outputBytes: outputLimitBytes },
      environment: softwareLabel(run.environment),
    }
    const tidied = await tidyStaging(staging.directory, modes)
    const outcome = withoutDirectory(decideOutcome(ending), tidied.wasRemoved)
    const returned = ran.outcome?.kind === 'returned' ? ran.outcome.directories : []
    const extra = await chooseExtraDirectories(returned, extraRoots, autoreducedDirectory(resultsRoot, place))
    await log.finish([...remarksOf(ending), ...tidied.remarks, ...extra.remarks, ...lastWords(outcome)])
    const provenance = describeRun(processor, claim, run, ran, ended.inputs, outcome, ended.claimedAt)
    await seal(staging, { logName: scriptLogName(place), provenance }, modes)
    const { files } = await listOutputs(staging.directory)
    return { outcome, outputs: files, extra: outcome.state === 'Completed' ? extra.allowed : [] }
  } catch (cause) {
    await log.abandon().catch(() => undefined)
    throw asResultsFault(staging.directory, cause)
  }
}

const withoutDirectory = (outcome: Outcome, wasRemoved: boolean): Outcome =>
  wasRemoved && outcome.state === 'Completed'
    ? { state: 'Error', reason: 'The script removed its own output directory, so there are no results but this log.' }
    : outcome

/** The log ends with what the portal shows, so that either alone is enough. */
const lastWords = ({ state, reason }: Outcome): readonly string[] => (reason === null ? [] : [`${state}: ${reason}`])
