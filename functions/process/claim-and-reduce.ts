import { defaultEnvironment } from '#contracts/environments.ts'
import { claimNext } from '#database/queries/claim-next.ts'
import { faultFields } from '#function-server/log.ts'
import type { Processor } from './processor.ts'
import { reduceOne, type Ended } from './reduce-one.ts'
import type { Slots } from './slots.ts'
import { openStopSwitch } from './watch-script.ts'

/** What a bell is answered with. */
export type BellAnswer =
  | { readonly claimed: null }
  | {
      readonly claimed: {
        readonly reductionId: number
        readonly instrument: string
        readonly target: string
        readonly version: number
        readonly state: Ended['state']
        readonly reason: string | null
        readonly seconds: number
      }
    }

/** Answers one bell: asks the database who is next and runs it to its end. Undefined where every slot is taken. */
export const claimAndReduce = async (processor: Processor, slots: Slots): Promise<BellAnswer | undefined> => {
  const stopSwitch = openStopSwitch()
  const slot = slots.take(stopSwitch)
  if (!slot) return undefined
  let hasWorked = false
  try {
    const environments = processor.environments()
    const claim = await claimNext(processor.database, {
      processor: processor.id,
      environments,
      hasDefaultEnvironment: defaultEnvironment(environments) !== undefined,
      leaseSeconds: processor.settings.leaseSeconds,
      exceptInstruments: processor.places.held().map(({ instrument }) => instrument),
      onUnreadable: (reductionId, fault) =>
        processor.log.error({ ...faultFields(fault), reduction: { id: reductionId } }, 'a reduction cannot be read'),
    })
    if (!claim) return { claimed: null }
    hasWorked = true
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
    return { claimed: { reductionId, instrument, target, version, state, reason, seconds } }
  } catch (fault) {
    processor.log.error(faultFields(fault), 'a bell could not be answered')
    throw fault
  } finally {
    slot.leave()
    // A bell that found nothing, answered by another bell, would ring for ever.
    if (hasWorked) processor.askForWork()
  }
}
