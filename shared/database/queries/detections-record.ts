import type { Sql } from '../connection.ts'

export type AnnouncedRuns = {
  readonly instrument: string
  readonly first: number
  readonly last: number
  readonly waitHours: number
}

const rowsPerStatement = 1_000

/**
 * Writes a detection, due at once, for each run of the ranges that has none yet. Call it in the transaction that moves the cursors: both
 * or none.
 */
export const recordDetections = async (sql: Sql, ranges: readonly AnnouncedRuns[]): Promise<void> => {
  const runs = ranges.flatMap(({ instrument, first, last, waitHours }) =>
    Array.from({ length: last - first + 1 }, (_, place) => ({ instrument, run: first + place, waitHours })),
  )
  for (let from = 0; from < runs.length; from += rowsPerStatement) {
    const part = runs.slice(from, from + rowsPerStatement)
    await sql.change(
      `INSERT IGNORE INTO detections (instrument, run_number, state, detected_at, deadline_at, next_try_at, changed_at)
       VALUES ${part.map(() => `(?, ?, 'due', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL ? HOUR, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))`).join(', ')}`,
      part.flatMap(({ instrument, run, waitHours }) => [instrument, run, waitHours]),
    )
    await sql.change(
      `INSERT INTO change_events (kind, at, instrument, run_number, state)
       VALUES ${part.map(() => `('detection', UTC_TIMESTAMP(6), ?, ?, 'due')`).join(', ')}`,
      part.flatMap(({ instrument, run }) => [instrument, run]),
    )
  }
}
