import type { Sql } from '../connection.ts'

/** Puts the cursor where a person wants it: what comes after this run will be detected. Call it inside a transaction. */
export const setCursor = async (sql: Sql, instrument: string, lastRun: number, reason: string): Promise<void> => {
  await sql.change(
    `INSERT INTO detection_cursors (instrument, last_run, moved_at, looked_at)
     VALUES (?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))
     ON DUPLICATE KEY UPDATE last_run = VALUES(last_run), moved_at = VALUES(moved_at), stepped_back_to = NULL`,
    [instrument, lastRun],
  )
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, run_number, state, reason)
     VALUES ('instrument', UTC_TIMESTAMP(6), ?, ?, 'cursor-set', ?)`,
    [instrument, lastRun, reason],
  )
}
