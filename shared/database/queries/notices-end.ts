import type { Sql } from '../connection.ts'

/**
 * Ends open notices by their keys, since their cause has gone. It is kept that nobody decided it, so the same cause raises them anew. Call
 * it inside a transaction.
 */
export const endNotices = async (sql: Sql, openKeys: readonly string[], resolution: string): Promise<void> => {
  if (openKeys.length === 0) return
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, state, reason)
     SELECT 'notice', UTC_TIMESTAMP(6), instrument, 'resolved', ? FROM notices WHERE open_key IN (?) ORDER BY id`,
    [resolution, openKeys],
  )
  await sql.change(
    `UPDATE notices SET resolved_at = UTC_TIMESTAMP(6), resolution = ?, detail = JSON_SET(detail, '$.endedByItself', 1),
       open_key = NULL WHERE open_key IN (?)`,
    [resolution, openKeys],
  )
}
