import type { ResultFile } from '#contracts/api.ts'
import { beginPublishing, heartBeat, type DecidedOutcome, type Lease } from '#database/queries/lease-held.ts'
import type { Processor } from './processor.ts'
import { whileDatabaseFails } from './while-database-fails.ts'

/**
 * Stores outcome and outputs: the point of no return. `lost` where the reduction is somebody else's by now.
 *
 * A COMMIT whose answer is lost is settled by looking: a second attempt finds the step already taken, and a lease with our fence that
 * still holds says that it was us.
 */
export const decide = async (
  { database, log, settings }: Pick<Processor, 'database' | 'log' | 'settings'>,
  lease: Lease,
  outcome: DecidedOutcome,
  outputs: readonly ResultFile[],
): Promise<'decided' | 'lost'> => {
  const isDecided = await whileDatabaseFails(
    'storing an outcome',
    () => beginPublishing(database, lease, outcome, outputs, settings.leaseSeconds),
    log,
  )
  if (isDecided) return 'decided'
  const standing = await whileDatabaseFails(
    'looking after a lease',
    () => heartBeat(database, lease, settings.leaseSeconds),
    log,
  )
  return standing === 'lost' ? 'lost' : 'decided'
}
