import type { Lease } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import { resultsOf } from '#results/disk/open-disk.ts'
import type { Processor } from './processor.ts'

/** A reduction held here, and whose. */
export type Held = Lease & { readonly instrument: string }

/** A disk that does not answer does not hold up the end; what it keeps is removed when it is swept. */
const patienceMs = 3_000

/** Leaves no trace of an attempt on the results disk, if the disk lets us. */
export const discard = async (processor: Processor, attempt: Held): Promise<void> => {
  const { disk, settings, log } = processor
  const { instrument, reductionId, fence } = attempt
  const input = { resultsRoot: settings.resultsRoot, attempt: { instrument, reductionId, fence } }
  await disk
    .ask('discard', input, resultsOf(instrument), { patienceMs })
    .catch((fault: unknown) =>
      log.warn({ ...faultFields(fault), reduction: { id: reductionId } }, 'staging was left behind'),
    )
}
