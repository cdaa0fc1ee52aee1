import { z } from 'zod'
import type { Pause } from '#contracts/decisions.ts'
import { pausedBy, resumedBy, skippedOnResuming } from '#domain/pausing.ts'
import type { Sql } from '../connection.ts'
import { flag, integer, isoInstant } from './column-parsers.ts'
import { moveReductions } from './move-reduction.ts'

/** Part of a WHERE clause: the reductions of this instrument may move. Goes with the table `instruments`. */
export const mayMove = `instruments.is_paused = FALSE AND NOT EXISTS (SELECT 1 FROM service_pauses)`

export type Decided = { readonly pause: Pause | null; readonly held: number; readonly skipped: number }

const nameSchema = z.object({ name: z.string() })

/** Whoever decides what runs next holds this row: after a pause is committed nothing more starts. */
const lockLine = async (sql: Sql): Promise<void> => {
  await sql.rows(nameSchema, `SELECT name FROM turnstiles WHERE name = 'line' FOR UPDATE`)
}

const servicePauseSchema = z.object({ reason: z.string(), by: z.string(), at: isoInstant })

/** Why everything is paused; null where it is not. */
export const readServicePause = async (sql: Sql): Promise<Pause | null> => {
  const [row] = await sql.rows(
    servicePauseSchema,
    'SELECT reason, paused_by AS `by`, paused_at AS at FROM service_pauses LIMIT 1',
  )
  return row ? { scope: 'everything', ...row } : null
}

/** Columns of `instruments` that {@link instrumentPauseOf} reads. */
export const instrumentPauseColumns = `instruments.is_paused AS isPaused, instruments.paused_reason AS pausedReason,
  instruments.paused_by AS pausedBy, instruments.paused_at AS pausedAt`
export const instrumentPauseSchema = z.object({
  isPaused: flag,
  pausedReason: z.string().nullable(),
  pausedBy: z.string().nullable(),
  pausedAt: isoInstant.nullable(),
})

export const instrumentPauseOf = (row: z.infer<typeof instrumentPauseSchema>): Pause | null =>
  row.isPaused
    ? {
        scope: 'instrument',
        reason: row.pausedReason ?? 'no reason was given',
        by: row.pausedBy ?? 'an administrator',
        at: row.pausedAt ?? new Date(0).toISOString(),
      }
    : null

const readInstrumentPause = async (sql: Sql, instrument: string): Promise<Pause | null> => {
  const [row] = await sql.rows(
    instrumentPauseSchema,
    `SELECT ${instrumentPauseColumns} FROM instruments WHERE name = ? FOR UPDATE`,
    [instrument],
  )
  return row ? instrumentPauseOf(row) : null
}

const idSchema = z.object({ id: integer })

const inLine = async (sql: Sql, instruments: readonly string[] | 'all'): Promise<readonly number[]> => {
  if (instruments !== 'all' && instruments.length === 0) return []
  const rows = await sql.rows(
    idSchema,
    `SELECT id FROM reductions WHERE state = 'Queued'${instruments === 'all' ? '' : ' AND instrument IN (?)'} ORDER BY id`,
    instruments === 'all' ? [] : [instruments],
  )
  return rows.map(({ id }) => id)
}

const tell = (sql: Sql, instrument: string | null, state: string, reason: string, who: string): Promise<unknown> =>
  sql.change(
    `INSERT INTO change_events (kind, at, instrument, state, reason, who)
     VALUES ('instrument', UTC_TIMESTAMP(6), ?, ?, ?, ?)`,
    [instrument, state, reason, who],
  )

const skip = async (sql: Sql, ids: readonly number[], who: string, pausedReason: string): Promise<number> => {
  const skipped = await moveReductions(sql, ids, {
    move: 'withdraw',
    from: 'Queued',
    to: 'Skipped',
    reason: skippedOnResuming(who, pausedReason),
    who,
    set: [['finished_at = UTC_TIMESTAMP(6)']],
  })
  return skipped.length
}

/**
 * Holds an instrument's reductions: what runs goes on, what stands in line stays there. Pausing again changes the reason only. Call it
 * inside a transaction.
 */
export const pauseInstrument = async (sql: Sql, instrument: string, reason: string, who: string): Promise<Decided> => {
  await lockLine(sql)
  const before = await readInstrumentPause(sql, instrument)
  if (before?.reason !== reason) {
    await sql.change(
      `UPDATE instruments SET is_paused = TRUE, paused_reason = ?, paused_by = ?, paused_at = UTC_TIMESTAMP(6) WHERE name = ?`,
      [reason, who, instrument],
    )
    await tell(sql, instrument, 'paused', pausedBy(who, reason), who)
  }
  const held = await inLine(sql, [instrument])
  return { pause: await readInstrumentPause(sql, instrument), held: held.length, skipped: 0 }
}

/**
 * Lets an instrument's reductions move again, after those that were held were skipped where that was chosen. Does nothing where it is not
 * paused, so that a repeat skips nothing new. Call it inside a transaction.
 */
export const resumeInstrument = async (
  sql: Sql,
  instrument: string,
  held: 'run' | 'skip',
  who: string,
): Promise<Decided> => {
  await lockLine(sql)
  const before = await readInstrumentPause(sql, instrument)
  const everything = await readServicePause(sql)
  const heldNow = async (): Promise<number> => (everything ? (await inLine(sql, [instrument])).length : 0)
  if (!before) return { pause: everything, held: await heldNow(), skipped: 0 }
  const ids = await inLine(sql, [instrument])
  await sql.change(
    `UPDATE instruments SET is_paused = FALSE, paused_reason = NULL, paused_by = NULL, paused_at = NULL WHERE name = ?`,
    [instrument],
  )
  const skipped = held === 'skip' ? await skip(sql, ids, who, before.reason) : 0
  await tell(sql, instrument, 'resumed', resumedBy(who, held, ids.length), who)
  return { pause: everything, held: await heldNow(), skipped }
}

/** Holds every instrument, whatever its own pause says. Call it inside a transaction. */
export const pauseEverything = async (sql: Sql, reason: string, who: string): Promise<Decided> => {
  await lockLine(sql)
  const before = await readServicePause(sql)
  if (before?.reason !== reason) {
    await sql.change(
      `INSERT INTO service_pauses (scope, reason, paused_by, paused_at) VALUES ('everything', ?, ?, UTC_TIMESTAMP(6))
       ON DUPLICATE KEY UPDATE reason = VALUES(reason), paused_by = VALUES(paused_by), paused_at = VALUES(paused_at)`,
      [reason, who],
    )
    await tell(sql, null, 'everything-paused', pausedBy(who, reason), who)
  }
  return { pause: await readServicePause(sql), held: (await inLine(sql, 'all')).length, skipped: 0 }
}

const pausableSchema = z.object({ name: z.string(), isPaused: flag })

/**
 * Lets every instrument move again but those that are paused by themselves: what these hold stays held, whatever was chosen. Call it
 * inside a transaction.
 */
export const resumeEverything = async (sql: Sql, held: 'run' | 'skip', who: string): Promise<Decided> => {
  await lockLine(sql)
  const before = await readServicePause(sql)
  if (!before) return { pause: null, held: 0, skipped: 0 }
  const rows = await sql.rows(
    pausableSchema,
    'SELECT name, is_paused AS isPaused FROM instruments ORDER BY name FOR UPDATE',
  )
  const ids = await inLine(
    sql,
    rows.filter(({ isPaused }) => !isPaused).map(({ name }) => name),
  )
  await sql.change('DELETE FROM service_pauses')
  const skipped = held === 'skip' ? await skip(sql, ids, who, before.reason) : 0
  await tell(sql, null, 'everything-resumed', resumedBy(who, held, ids.length), who)
  return { pause: null, held: 0, skipped }
}
