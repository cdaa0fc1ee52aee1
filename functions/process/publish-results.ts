import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finishReduction, type DecidedOutcome, type Lease } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import type { FileModes } from '#results/file-modes.ts'
import { placeFlat } from '#results/place-flat.ts'
import { publish } from '#results/publish.ts'
import {
  autoreducedDirectory,
  resultsDirectory,
  scriptLogName,
  stagingDirectory,
  versionsDirectory,
  type ResultPlace,
} from '#results/result-paths.ts'
import { asResultsFault } from '#results/results-fault.ts'
import { discardStaging } from '#results/stage.ts'
import { copyToExtraDirectories, type ExtraDirectory } from './extra-directories.ts'
import type { Processor } from './processor.ts'
import { whileDatabaseFails } from './while-database-fails.ts'

export type Finished = { readonly state: DecidedOutcome['state']; readonly reason: string | null }

/**
 * Makes decided results visible and closes the reduction. Also the whole work of whoever adopts one whose processor died after the
 * decision: every step goes by what lies on disk and may be repeated.
 */
export const publishResults = async (
  processor: Processor,
  lease: Lease,
  place: ResultPlace,
  decided: DecidedOutcome,
  extra: readonly ExtraDirectory[],
): Promise<Finished> => {
  const { resultsRoot, modes } = processor.settings
  const attempt = { instrument: place.instrument, ...lease }
  const target = resultsDirectory(resultsRoot, place)
  try {
    const staging = stagingDirectory(resultsRoot, attempt)
    await publish({ staging, target, reductionId: lease.reductionId, fence: lease.fence }, modes)
  } catch (cause) {
    const fault = asResultsFault(target, cause)
    processor.log.error({ ...faultFields(fault), reduction: lease }, 'results could not be published')
    await discardStaging(resultsRoot, attempt).catch(() => undefined)
    return finish(processor, lease, { ...decided, state: 'Error', reason: fault.message, resultsPath: null })
  }
  const remarks = [
    // What was cut short stays among the versions: it must not take the place of an earlier version's whole files.
    ...(place.isFlat && decided.state === 'Completed' ? await placeInFlatDirectory(resultsRoot, place, modes) : []),
    ...(await copyToExtraDirectories(target, extra, modes)),
  ]
  if (remarks.length > 0) await appendRemarks(join(target, scriptLogName(place)), remarks)
  return finish(processor, lease, decided)
}

/** Closes a reduction that has no results, or whose results are in place. */
export const finish = async (processor: Processor, lease: Lease, decided: DecidedOutcome): Promise<Finished> => {
  const { state, reason, resultsPath } = decided
  await whileDatabaseFails(
    'closing a reduction',
    () => finishReduction(processor.database, lease, { state, reason, resultsPath }),
    processor.log,
  )
  return { state, reason }
}

const placeInFlatDirectory = async (
  resultsRoot: string,
  place: ResultPlace,
  modes: FileModes,
): Promise<readonly string[]> => {
  try {
    const flat = autoreducedDirectory(resultsRoot, place)
    return await placeFlat(resultsDirectory(resultsRoot, place), flat, versionsDirectory(resultsRoot, place), modes)
  } catch (cause) {
    return [asResultsFault(resultsRoot, cause).message]
  }
}

const appendRemarks = (log: string, remarks: readonly string[]): Promise<void> =>
  appendFile(log, remarks.map((remark) => `[${remark}]\n`).join('')).catch(() => undefined)
