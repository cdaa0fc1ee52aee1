import { counterNoticeKinds } from '#domain/counter-notices.ts'
import type { Sql } from '../connection.ts'

/** Closes an open notice, with what was decided in words. False where somebody closed it before. Call it inside a transaction. */
export const resolveNotice = async (sql: Sql, id: number, resolution: string): Promise<boolean> => {
  const { changed } = await sql.change(
    `UPDATE notices SET resolved_at = UTC_TIMESTAMP(6), resolution = ?, open_key = NULL
     WHERE id = ? AND open_key IS NOT NULL`,
    [resolution, id],
  )
  if (changed === 0) return false
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, state, reason)
     SELECT 'notice', UTC_TIMESTAMP(6), instrument, 'resolved', resolution FROM notices WHERE id = ?`,
    [id],
  )
  return true
}

/** Closes what stands open about an instrument's counter, since somebody has set it. Call it inside a transaction. */
export const resolveCounterNotices = async (sql: Sql, instrument: string, resolution: string): Promise<void> => {
  const { changed } = await sql.change(
    `UPDATE notices SET resolved_at = UTC_TIMESTAMP(6), resolution = ?, open_key = NULL
     WHERE open_key IS NOT NULL AND instrument = ? AND kind IN (?)`,
    [resolution, instrument, counterNoticeKinds],
  )
  if (changed === 0) return
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, state, reason) VALUES ('notice', UTC_TIMESTAMP(6), ?, 'resolved', ?)`,
    [instrument, resolution],
  )
}
