import type { Viewer } from '#contracts/viewer.ts'
import { canDetectionChange, detectionStates, type DetectionState } from '#domain/detection-states.ts'
import type { Sql } from '../connection.ts'
import { allOf, operationsVisibleTo } from './visible-to.ts'

const statesThatMayBecome = (to: DetectionState): readonly DetectionState[] =>
  detectionStates.filter((from) => canDetectionChange(from, to))

const decide = async (
  sql: Sql,
  viewer: Viewer,
  id: number,
  to: 'due' | 'dismissed',
  assignments: string,
  reason: string | null,
): Promise<boolean> => {
  const all = allOf(
    { sql: 'detections.id = ? AND detections.state IN (?)', parameters: [id, [...statesThatMayBecome(to), to]] },
    operationsVisibleTo(viewer, 'detections'),
  )
  const { changed } = await sql.change(
    `UPDATE detections JOIN instruments ON instruments.name = detections.instrument
     SET detections.state = ?, detections.reason = ?, detections.changed_at = UTC_TIMESTAMP(6), ${assignments}
     WHERE ${all.sql}`,
    [to, reason, ...all.parameters],
  )
  if (changed === 0) return false
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, run_number, state, reason)
     SELECT 'detection', UTC_TIMESTAMP(6), instrument, run_number, state, reason FROM detections WHERE id = ?`,
    [id],
  )
  return true
}

/** A person says that this run will not come. False where it was submitted already. Call it inside a transaction. */
export const dismissDetection = (sql: Sql, viewer: Viewer, id: number): Promise<boolean> =>
  decide(sql, viewer, id, 'dismissed', 'detections.next_try_at = NULL', `Dismissed by ${viewer.name}.`)

/**
 * A person wants it tried now: the next pass of detection does, and it is awaited anew. False where it was submitted already. Call it
 * inside a transaction.
 */
export const retryDetection = (sql: Sql, viewer: Viewer, id: number): Promise<boolean> =>
  decide(
    sql,
    viewer,
    id,
    'due',
    `detections.next_try_at = UTC_TIMESTAMP(6),
     detections.deadline_at = UTC_TIMESTAMP(6) + INTERVAL instruments.wait_hours HOUR`,
    null,
  )
