import type { Sql } from '../connection.ts'

/** What a try to submit a detected run came to. */
export type SettledDetection = { readonly runNumber: number } & (
  | { readonly state: 'submitted' }
  | {
      readonly state: 'waiting'
      readonly reason: string
      readonly nextTryInSeconds: number
      /** The unusable file as it was seen, where there is one. */
      readonly file: { readonly sizeBytes: number; readonly modifiedAt: Date } | undefined
      readonly hasFileChanged: boolean
    }
  | { readonly state: 'given-up'; readonly reason: string }
)

/**
 * Writes what became of detected runs, all in a few statements; runs that a person asked for before they were detected get
 * their row here. What is submitted stays submitted; what was given up or dismissed waits again when a person asks for it.
 */
export const settleDetections = async (
  sql: Sql,
  { name: instrument, waitHours }: { readonly name: string; readonly waitHours: number },
  origin: 'detection' | 'request',
  settled: readonly SettledDetection[],
): Promise<void> => {
  if (settled.length === 0) return
  await sql.change(
    `INSERT IGNORE INTO detections (instrument, run_number, state, detected_at, deadline_at, changed_at)
     SELECT ?, run_number, 'due', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL ? HOUR, UTC_TIMESTAMP(6)
     FROM (${settled.map(() => 'SELECT ? AS run_number').join(' UNION ALL ')}) AS asked`,
    [instrument, waitHours, ...settled.map(({ runNumber }) => runNumber)],
  )
  if (origin === 'request') {
    await sql.change(
      `UPDATE detections SET state = 'due', deadline_at = UTC_TIMESTAMP(6) + INTERVAL ? HOUR, changed_at = UTC_TIMESTAMP(6)
       WHERE instrument = ? AND run_number IN (?) AND state IN ('given-up', 'dismissed')`,
      [waitHours, instrument, settled.map(({ runNumber }) => runNumber)],
    )
  }
  const submitted = settled.flatMap((one) => (one.state === 'submitted' ? [one.runNumber] : []))
  if (submitted.length > 0) {
    await sql.change(
      `INSERT INTO change_events (kind, at, instrument, run_number, state)
       SELECT 'detection', UTC_TIMESTAMP(6), instrument, run_number, 'submitted' FROM detections
       WHERE instrument = ? AND run_number IN (?) AND state <> 'submitted'`,
      [instrument, submitted],
    )
    await sql.change(
      `UPDATE detections SET state = 'submitted', reason = NULL, next_try_at = NULL, changed_at = UTC_TIMESTAMP(6)
       WHERE instrument = ? AND run_number IN (?) AND state <> 'submitted'`,
      [instrument, submitted],
    )
  }
  // Each has its own reason and time; they are few, since a run waits seldom and for seconds.
  for (const one of settled) {
    if (one.state === 'submitted') continue
    const isWaiting = one.state === 'waiting'
    const file = isWaiting ? one.file : undefined
    // A look that finds the same again is no change: live views are not told.
    await sql.change(
      `INSERT INTO change_events (kind, at, instrument, run_number, state, reason)
       SELECT 'detection', UTC_TIMESTAMP(6), instrument, run_number, ?, ? FROM detections
       WHERE instrument = ? AND run_number = ? AND state IN ('due', 'waiting') AND NOT (state = ? AND reason <=> ?)`,
      [one.state, one.reason, instrument, one.runNumber, one.state, one.reason],
    )
    await sql.change(
      `UPDATE detections SET state = ?, reason = ?, tries = tries + 1, changed_at = UTC_TIMESTAMP(6),
         next_try_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND, file_size_bytes = ?, file_modified_at = ?,
         file_unchanged_since = IF(?, UTC_TIMESTAMP(6), file_unchanged_since)
       WHERE instrument = ? AND run_number = ? AND state IN ('due', 'waiting')`,
      [
        one.state,
        one.reason,
        isWaiting ? one.nextTryInSeconds : null,
        file?.sizeBytes ?? null,
        file?.modifiedAt ?? null,
        isWaiting && one.hasFileChanged,
        instrument,
        one.runNumber,
      ],
    )
  }
}
