import { adoptPublishing, type Adopted } from '#database/queries/lease-expired.ts'
import { faultFields } from '#function-server/log.ts'
import { keepLease } from './keep-lease.ts'
import type { Processor } from './processor.ts'
import { publishResults } from './publish-results.ts'

/** So many instruments at a time: one's disk may be slow. */
const mostAtOnce = 4

/**
 * Publishes what was decided and not published: its processor died before the rename, or its disk failed. Nobody re-runs these: their
 * outcome stands. Leaves alone the instruments whose results this processor cannot write.
 * @returns how many were finished
 */
export const finishInterrupted = async (processor: Processor): Promise<number> => {
  const { database, id, settings, places } = processor
  const busy = new Set<string>()
  let finished = 0
  const work = async (): Promise<void> => {
    const except = [...busy, ...places.held().map(({ instrument }) => instrument)]
    const adopted = await adoptPublishing(database, id, settings.leaseSeconds, except)
    if (!adopted) return
    busy.add(adopted.instrument)
    const finishing = finishOne(processor, adopted).then((isFinished) => {
      busy.delete(adopted.instrument)
      if (isFinished) finished += 1
      return work()
    })
    await Promise.all([finishing, busy.size < mostAtOnce ? work() : undefined])
  }
  await work()
  return finished
}

const finishOne = async (processor: Processor, adopted: Adopted): Promise<boolean> => {
  const { reductionId, rbNumber, outcome } = adopted
  const keeper = keepLease(processor, adopted, () => undefined)
  try {
    if (rbNumber === null) throw new Error(`Reduction ${reductionId} was decided without an experiment.`)
    const { state, reason } = await publishResults(processor, adopted, keeper, { ...adopted, rbNumber }, outcome)
    if (state === 'unpublished') return false
    processor.log.info(
      { event: { action: 'adopted', outcome: state }, reduction: { id: reductionId }, reason },
      'finished what was decided before',
    )
    return true
  } catch (fault) {
    processor.log.warn(
      { ...faultFields(fault), reduction: { id: reductionId } },
      'what was decided could not be finished',
    )
    return false
  } finally {
    void keeper.stop()
  }
}
