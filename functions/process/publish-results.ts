import { join } from 'node:path'
import { finishReduction, postponePublishing, type DecidedOutcome, type Lease } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import { extraOf, resultsOf } from '#results/disk/open-disk.ts'
import {
  autoreducedDirectory,
  resultsDirectory,
  scriptLogName,
  stagingDirectory,
  versionsDirectory,
  type ResultPlace,
} from '#results/result-paths.ts'
import { ResultsFault } from '#results/results-fault.ts'
import { discard } from './discard-attempt.ts'
import type { LeaseKeeper } from './keep-lease.ts'
import type { Processor } from './processor.ts'
import { whileDatabaseFails } from './while-database-fails.ts'

export type Finished = { readonly state: DecidedOutcome['state']; readonly reason: string | null }
/** Decided, and kept where it was made: whoever comes by publishes it when the disk is well. */
export type Unpublished = { readonly state: 'unpublished'; readonly reason: string }

/** After a fault that is over already, so that one which comes again and again is not met at every moment. */
const againAfterSeconds = 30

/**
 * Makes decided results visible and closes the reduction. Also the whole work of whoever adopts one whose processor died after the
 * decision: every step goes by what lies on disk and may be repeated.
 */
export const publishResults = async (
  processor: Processor,
  lease: Lease,
  keeper: LeaseKeeper,
  place: ResultPlace,
  decided: DecidedOutcome,
  leaving?: AbortSignal,
): Promise<Finished | Unpublished> => {
  const held = { ...lease, instrument: place.instrument }
  try {
    const remarks = await publish(processor, lease, place, decided, leaving)
    remarks.push(...(await copy(processor, place, decided, leaving)))
    await addRemarks(processor, place, remarks, leaving)
  } catch (fault) {
    if (!(fault instanceof ResultsFault)) throw fault
    if (fault.kind === 'taken' || fault.kind === 'vanished') {
      processor.log.error({ ...faultFields(fault), reduction: lease }, 'results could not be published')
      await discard(processor, held)
      return finish(processor, lease, { ...decided, state: 'Error', reason: fault.message, resultsPath: null })
    }
    // A beat that came after it would undo the postponing.
    await keeper.stop()
    return postpone(processor, held, fault, leaving?.aborted === true)
  }
  return finish(processor, lease, decided)
}

/** @returns what could not be placed, in words */
const publish = async (
  { disk, places, settings }: Processor,
  { reductionId, fence }: Lease,
  place: ResultPlace,
  { state }: DecidedOutcome,
  signal: AbortSignal | undefined,
): Promise<string[]> => {
  const { resultsRoot, modes } = settings
  const { instrument } = place
  const where = resultsOf(instrument)
  const target = resultsDirectory(resultsRoot, place)
  const staging = stagingDirectory(resultsRoot, { instrument, reductionId, fence })
  const publication = { staging, target, reductionId, fence }
  const of = { resultsRoot, instrument, wasOwnDisk: places.wasOwnDisk(instrument) }
  await disk.ask('publish', { publication, place: of, modes }, where, { signal })
  // What was cut short stays among the versions: it must not take the place of an earlier version's whole files.
  if (!place.isFlat || state !== 'Completed') return []
  const flat = autoreducedDirectory(resultsRoot, place)
  const versions = versionsDirectory(resultsRoot, place)
  return [...(await disk.ask('placeFlat', { version: target, flat, versions, modes }, where, { signal }))]
}

/** @returns what was not copied, in words */
const copy = async (
  { disk, settings }: Processor,
  place: ResultPlace,
  { extra = [] }: DecidedOutcome,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> => {
  if (extra.length === 0) return []
  const results = resultsDirectory(settings.resultsRoot, place)
  try {
    const input = { results, directories: extra, modes: settings.modes }
    return await disk.ask('copyExtra', input, extraOf(place.instrument), { signal })
  } catch (fault) {
    if (!(fault instanceof ResultsFault) || signal?.aborted) throw fault
    return [`The results could not all be copied to ${extra.map(({ path }) => path).join(', ')}. ${fault.problem}.`]
  }
}

/** The results are there: a log without these words is no reason to keep them back. */
const addRemarks = async (
  { disk, settings }: Processor,
  place: ResultPlace,
  remarks: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> => {
  if (remarks.length === 0) return
  const log = join(resultsDirectory(settings.resultsRoot, place), scriptLogName(place))
  await disk.ask('addRemarks', { log, remarks }, resultsOf(place.instrument), { signal }).catch(() => undefined)
}

/** The finished results stay where they are, and the reduction stays decided. */
const postpone = async (
  processor: Processor,
  held: Lease & { readonly instrument: string },
  fault: ResultsFault,
  isLeaving: boolean,
): Promise<Unpublished> => {
  const { database, log, places } = processor
  log.warn({ ...faultFields(fault), reduction: held }, 'results are finished and could not be published yet')
  // Whoever must stop has seen no fault of the disk.
  const trouble = isLeaving ? undefined : await places.failed(held.instrument, fault)
  if (!trouble && !isLeaving) places.unpublished(held.instrument, fault)
  // This processor comes back when its disk is well; another may have a disk that is.
  const seconds = trouble || isLeaving ? 0 : againAfterSeconds
  await whileDatabaseFails('postponing a publication', () => postponePublishing(database, held, seconds), log)
  return {
    state: 'unpublished',
    reason: `${fault.problem}. The results are finished and appear when the disk is well.`,
  }
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
