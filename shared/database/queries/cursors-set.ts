import { z } from 'zod'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'

/** The run up to which an instrument's runs are detected, locked until the transaction ends; undefined before the first sight. */
export const lockCursor = async (sql: Sql, instrument: string): Promise<number | undefined> => {
  const [row] = await sql.rows(
    z.object({ lastRun: integer }),
    'SELECT last_run AS lastRun FROM detection_cursors WHERE instrument = ? FOR UPDATE',
    [instrument],
  )
  return row?.lastRun
}

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
