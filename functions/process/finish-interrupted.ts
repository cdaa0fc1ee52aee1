import { adoptPublishing } from '#database/queries/lease-expired.ts'
import type { Processor } from './processor.ts'
import { publishResults } from './publish-results.ts'

/**
 * Publishes what was decided by processors that died before the rename. Nobody re-runs these: their outcome stands.
 * @returns how many were finished
 */
export const finishInterrupted = async (processor: Processor): Promise<number> => {
  let finished = 0
  for (;;) {
    const adopted = await adoptPublishing(processor.database, processor.id, processor.settings.leaseSeconds)
    if (!adopted) return finished
    const { outcome, rbNumber } = adopted
    if (rbNumber === null) throw new Error(`Reduction ${adopted.reductionId} was decided without an experiment.`)
    const { state, reason } = await publishResults(processor, adopted, { ...adopted, rbNumber }, outcome, [])
    processor.log.info(
      { event: { action: 'adopted', outcome: state }, reduction: { id: adopted.reductionId }, reason },
      'finished what another processor had decided',
    )
    finished += 1
  }
}
