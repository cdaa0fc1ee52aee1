import { defaultEnvironment } from '#contracts/environments.ts'
import { claimNext, type Claim } from '#database/queries/claim-next.ts'
import { faultFields } from '#function-server/log.ts'
import type { Processor } from './processor.ts'
import { reduceOne, type Ended } from './reduce-one.ts'
import type { Slots } from './slots.ts'
import { openStopSwitch, type StopSwitch } from './watch-script.ts'

/** A reduction that was run for a bell. */
export type Reduced = {
  readonly reductionId: number
  readonly instrument: string
  readonly target: string
  readonly version: number
  readonly state: Ended['state']
  readonly reason: string | null
  readonly seconds: number
}

/** `further`: how many more were run after it. */
export type BellAnswer = { readonly claimed: Reduced | null; readonly further: number }

/**
 * Answers one bell: asks the database who is next and runs it to its end, and goes on so for a while (`docs/decisions/0016`). Undefined
 * where every slot is taken.
 */
export const answerBell = async (processor: Processor, slots: Slots): Promise<BellAnswer | undefined> => {
  const goesOnUntil = performance.now() + processor.settings.goOnMs
  let hasClaimed = false
  const next = () =>
    runNext(processor, slots, () => {
      hasClaimed = true
    })
  try {
    const first = await next()
    if (first === 'busy') return undefined
    if (first === 'nothing') return { claimed: null, further: 0 }
    let further = 0
    for (let last = first; isOver(last) && performance.now() < goesOnUntil; further += 1) {
      // The fault is in the log, and what this bell was for is done.
      const another = await next().catch(() => 'nothing' as const)
      if (another === 'busy' || another === 'nothing') break
      last = another
    }
    return { claimed: first, further }
  } finally {
    // A bell that found nothing, answered by another bell, would ring for ever.
    if (hasClaimed) processor.askForWork()
  }
}

/** What came back into the line would be taken up again at once, and come back. */
const isOver = ({ state }: Reduced): boolean => state !== 'lost' && state !== 'released' && state !== 'unpublished'

const runNext = async (
  processor: Processor,
  slots: Slots,
  onClaimed: () => void,
): Promise<Reduced | 'nothing' | 'busy'> => {
  const stopSwitch = openStopSwitch()
  const slot = slots.take(stopSwitch)
  if (!slot) return 'busy'
  try {
    const claim = await claimOne(processor)
    if (!claim) return 'nothing'
    onClaimed()
    return await runClaimed(processor, claim, stopSwitch)
  } catch (fault) {
    processor.log.error(faultFields(fault), 'a bell could not be answered')
    throw fault
  } finally {
    slot.leave()
  }
}

const claimOne = (processor: Processor): Promise<Claim | undefined> => {
  const environments = processor.environments()
  return claimNext(processor.database, {
    processor: processor.id,
    environments,
    hasDefaultEnvironment: defaultEnvironment(environments) !== undefined,
    leaseSeconds: processor.settings.leaseSeconds,
    exceptInstruments: processor.places.held().map(({ instrument }) => instrument),
    onUnreadable: (reductionId, fault) =>
      processor.log.error({ ...faultFields(fault), reduction: { id: reductionId } }, 'a reduction cannot be read'),
  })
}

const runClaimed = async (processor: Processor, claim: Claim, stopSwitch: StopSwitch): Promise<Reduced> => {
  const { reductionId, instrument, target, version } = claim
  const fields = { reduction: { id: reductionId, instrument, target, version, fence: claim.fence } }
  processor.log.info({ event: { action: 'claimed' }, ...fields }, `reducing ${instrument} ${target}`)
  const began = performance.now()
  const { state, reason } = await reduceOne(processor, claim, stopSwitch)
  const seconds = Math.round(performance.now() - began) / 1000
  processor.log.info(
    { event: { action: 'ended', outcome: state, duration: Math.round(seconds * 1e9) }, ...fields, reason },
    `${instrument} ${target}: ${state}`,
  )
  return { reductionId, instrument, target, version, state, reason, seconds }
}
