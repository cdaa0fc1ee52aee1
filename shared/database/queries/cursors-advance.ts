import { z } from 'zod'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'

export type LockedCursor = { readonly lastRun: number; readonly steppedBackTo: number | null }

const lockedCursorSchema = z.object({
  instrument: z.string(),
  lastRun: integer,
  steppedBackTo: integer.nullable(),
})

/** The cursors of these instruments, locked until the transaction ends, always in the same order. */
export const lockCursors = async (
  sql: Sql,
  instruments: readonly string[],
): Promise<ReadonlyMap<string, LockedCursor>> => {
  const rows = await sql.rows(
    lockedCursorSchema,
    `SELECT instrument, last_run AS lastRun, stepped_back_to AS steppedBackTo FROM detection_cursors
     WHERE instrument IN (?) ORDER BY instrument FOR UPDATE`,
    [instruments],
  )
  return new Map(rows.map(({ instrument, ...cursor }) => [instrument, cursor]))
}

/** Starts to watch instruments at the run their counters show. One that somebody else started meanwhile keeps its cursor. */
export const startCursors = async (
  sql: Sql,
  starts: readonly { readonly instrument: string; readonly lastRun: number }[],
): Promise<void> => {
  if (starts.length === 0) return
  await sql.change(
    `INSERT IGNORE INTO detection_cursors (instrument, last_run, moved_at, looked_at)
     VALUES ${starts.map(() => '(?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))').join(', ')}`,
    starts.flatMap(({ instrument, lastRun }) => [instrument, lastRun]),
  )
  await tell(sql, starts)
}

/** Moves locked cursors on to the run their counters show. Call it in the transaction that records the runs between. */
export const advanceCursors = async (
  sql: Sql,
  moves: readonly { readonly instrument: string; readonly lastRun: number }[],
): Promise<void> => {
  if (moves.length === 0) return
  await sql.change(
    `INSERT INTO detection_cursors (instrument, last_run, moved_at, looked_at)
     VALUES ${moves.map(() => '(?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))').join(', ')}
     ON DUPLICATE KEY UPDATE last_run = VALUES(last_run), moved_at = VALUES(moved_at), looked_at = VALUES(looked_at),
       stepped_back_to = NULL`,
    moves.flatMap(({ instrument, lastRun }) => [instrument, lastRun]),
  )
  await tell(sql, moves)
}

const tell = (
  sql: Sql,
  moves: readonly { readonly instrument: string; readonly lastRun: number }[],
): Promise<unknown> =>
  sql.change(
    `INSERT INTO change_events (kind, at, instrument, run_number, state)
     VALUES ${moves.map(() => `('instrument', UTC_TIMESTAMP(6), ?, ?, 'counter-moved')`).join(', ')}`,
    moves.flatMap(({ instrument, lastRun }) => [instrument, lastRun]),
  )

/**
 * Remembers when counters were read that announced nothing new, and what those showed that seem to have stepped back (null for the others).
 * What was noted before is over with this look.
 */
export const noteLooks = async (
  sql: Sql,
  looks: readonly { readonly instrument: string; readonly steppedBackTo: number | null }[],
): Promise<void> => {
  if (looks.length === 0) return
  const back = looks.filter(({ steppedBackTo }) => steppedBackTo !== null)
  const value =
    back.length === 0 ? 'NULL' : `CASE instrument ${back.map(() => 'WHEN ? THEN ?').join(' ')} ELSE NULL END`
  await sql.change(
    `UPDATE detection_cursors SET looked_at = UTC_TIMESTAMP(6), stepped_back_to = ${value} WHERE instrument IN (?)`,
    [
      ...back.flatMap(({ instrument, steppedBackTo }) => [instrument, steppedBackTo]),
      looks.map((look) => look.instrument),
    ],
  )
}
