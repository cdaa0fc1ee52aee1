import { z } from 'zod'
import type { Sql } from '../connection.ts'
import { instant } from './column-parsers.ts'

/**
 * Writes a detection, due at once, for each run of the range that has none yet; those that were detected before stay as they are. False
 * where there is no such instrument. Call it in the transaction that moves the cursor.
 */
export const announceRuns = async (
  sql: Sql,
  instrument: string,
  range: { readonly first: number; readonly last: number },
): Promise<boolean> => {
  const [times] = await sql.rows(
    z.object({ now: instant, deadline: instant }),
    `SELECT UTC_TIMESTAMP(3) AS now, UTC_TIMESTAMP(3) + INTERVAL wait_hours HOUR AS deadline
     FROM instruments WHERE name = ?`,
    [instrument],
  )
  if (!times) return false
  const runs = Array.from({ length: Math.max(0, range.last - range.first + 1) }, (_, place) => range.first + place)
  if (runs.length === 0) return true
  await sql.change(
    `INSERT IGNORE INTO detections (instrument, run_number, state, detected_at, deadline_at, next_try_at, changed_at)
     VALUES ?`,
    [runs.map((run) => [instrument, run, 'due', times.now, times.deadline, times.now, times.now])],
  )
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, run_number, state)
     SELECT 'detection', UTC_TIMESTAMP(6), instrument, run_number, 'due' FROM detections
     WHERE instrument = ? AND run_number BETWEEN ? AND ? AND state = 'due' ORDER BY run_number`,
    [instrument, range.first, range.last],
  )
  return true
}
