import { z } from 'zod'
import { pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'

const viewSchema = z.object({
  claims: z.coerce.number(),
  queued: z.coerce.number(),
  lookedAt: z.date().nullable(),
})

/**
 * Waits until work flows again after a moment: a reduction was claimed since (or none waits), every reduction under way belongs to a
 * processor that lives, and, where detection was struck, every counter has been looked at since.
 * @returns seconds, or undefined where that did not happen in time
 */
export const timeToRecover = async (
  stack: Stack,
  since: Date,
  given: { readonly detects: boolean; readonly withinMs?: number },
): Promise<number | undefined> => {
  for (;;) {
    const isWell = await Promise.race([looksWell(stack, since, given.detects).catch(() => false), pause(2_000)])
    const elapsedMs = Date.now() - since.getTime()
    if (isWell) return elapsedMs / 1000
    if (elapsedMs > (given.withinMs ?? 120_000)) return undefined
    await pause(100)
  }
}

const looksWell = async (stack: Stack, since: Date, detects: boolean): Promise<boolean> => {
  const [view] = await stack.database.rows(
    viewSchema,
    `SELECT (SELECT COUNT(*) FROM change_events WHERE move = 'claim' AND at > ?) AS claims,
       (SELECT COUNT(*) FROM reductions WHERE state = 'Queued') AS queued,
       (SELECT MIN(looked_at) FROM detection_cursors) AS lookedAt`,
    [since],
  )
  if (!view || (view.claims === 0 && view.queued > 0)) return false
  if (detects && (view.lookedAt === null || view.lookedAt < since)) return false
  const owners = await stack.database.rows(
    z.object({ owner: z.string().nullable() }),
    `SELECT DISTINCT lease_owner AS owner FROM reductions WHERE state = 'Processing'`,
  )
  const living = stack.processesOf('process').flatMap(({ pid, isFrozen }) => (isFrozen ? [] : [`-${pid}-`]))
  return owners.every(({ owner }) => living.some((mark) => owner?.includes(mark)))
}
