import { setTimeout as wait } from 'node:timers/promises'
import { DatabaseFault } from '#database/faults.ts'
import { faultFields, type Log } from '#function-server/log.ts'

const longestPauseMs = 5_000

/**
 * Tries until the database answers: what is decided here must reach it, however long it is away. Each attempt must be harmless to
 * repeat. Everything that is not an outage is thrown.
 */
export const whileDatabaseFails = async <Result>(
  attempted: string,
  work: () => Promise<Result>,
  log: Log,
): Promise<Result> => {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work()
    } catch (fault) {
      if (!(fault instanceof DatabaseFault) || !fault.retryable) throw fault
      if (attempt === 0) log.warn({ ...faultFields(fault) }, `the database does not answer; trying on: ${attempted}`)
      const pauseMs = Math.min(longestPauseMs, 100 * 2 ** attempt)
      await wait(pauseMs * (0.5 + Math.random() / 2))
    }
  }
}
