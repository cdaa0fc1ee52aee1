import { z } from 'zod'
import type { Stack } from '../a-stack/start-stack.ts'
import { cancelledRun } from './a-load.ts'

const count = async (stack: Stack, sql: string, parameters: readonly string[] = []): Promise<number> => {
  const [row] = await stack.database.rows(z.object({ count: z.coerce.number() }), sql, parameters)
  return row?.count ?? 0
}

/** Started, and of one run, which nobody is about to cancel. */
export const lastsUnlessStruck = `state = 'Processing' AND step IS NULL AND target NOT LIKE 'batch-%' AND target <> '${cancelledRun}'`

/** Scripts that have longer to go than this, by the lengths that all have; see `reduce.py`. */
export const longScripts = async (stack: Stack, lengths: readonly number[], toGoSeconds: number): Promise<number> => {
  const rows = await stack.database.rows(
    z.object({ run: z.coerce.number(), seconds: z.coerce.number() }),
    `SELECT target AS run, TIMESTAMPDIFF(SECOND, started_at, UTC_TIMESTAMP(6)) AS seconds
     FROM reductions WHERE ${lastsUnlessStruck}`,
  )
  return rows.filter(({ run, seconds }) => (lengths[run % lengths.length] ?? 0) - seconds > toGoSeconds).length
}

/** An instrument's reductions that have started. */
export const underWayFor = (stack: Stack, instrument: string): Promise<number> =>
  count(stack, `SELECT COUNT(*) AS count FROM reductions WHERE state = 'Processing' AND instrument = ?`, [instrument])

/**
 * How much a strike at this moment would meet. What a role has in hand is not written down for all of them: where it is not, what waits
 * for it or went through it counts.
 */
export const underWay = (stack: Stack, role: string, pid: number | undefined): Promise<number> => {
  switch (role) {
    case 'process':
      return count(
        stack,
        `SELECT COUNT(*) AS count FROM reductions WHERE state = 'Processing' AND lease_owner LIKE ?`,
        [pid === undefined ? '%' : `%-${pid}-%`],
      )
    case 'detect':
      return Promise.resolve(stack.callsTo('detect'))
    case 'submit':
      return count(stack, `SELECT COUNT(*) + ${stack.callsTo('submit')} AS count FROM detections WHERE state = 'due'`)
    case 'dispatch':
      return count(stack, `SELECT COUNT(*) AS count FROM reductions WHERE state = 'Queued'`)
    default:
      // Gateway, connector, broker and database carry every call that reduces.
      return count(stack, `SELECT COUNT(*) AS count FROM reductions WHERE state = 'Processing'`)
  }
}
