import { z } from 'zod'
import type { ChangeEvent } from '#contracts/change-events.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Sql } from '../connection.ts'
import { DatabaseFault } from '../faults.ts'
import { integer, isoInstant } from './column-parsers.ts'
import { allOf, type Condition } from './visible-to.ts'

const idSchema = z.object({ id: integer })
const idsPerLook = 2_000

/** Ids after this one, in order, as far as they are committed. */
export const eventIdsAfter = async (sql: Sql, after: number): Promise<readonly number[]> => {
  const rows = await sql.rows(idSchema, `SELECT id FROM change_events WHERE id > ? ORDER BY id LIMIT ${idsPerLook}`, [
    after,
  ])
  return rows.map(({ id }) => id)
}

/** A transaction writes its changes at its end: what is older than this has been committed, or never will be. */
const settledAfterSeconds = 5

const maybeIdSchema = z.object({ id: integer.nullable() })

/**
 * Where to start reading from: the newest row that is some seconds old. Of what is younger, a row with a lower id may not be committed yet.
 * `newest` is the newest of all.
 */
export const startOfEvents = async (sql: Sql): Promise<{ readonly settled: number; readonly newest: number }> => {
  const [last] = await sql.rows(idSchema, 'SELECT COALESCE(MAX(id), 0) AS id FROM change_events')
  const newest = last?.id ?? 0
  const earliest = Math.max(0, newest - idsPerLook)
  const [old] = await sql.rows(
    maybeIdSchema,
    `SELECT MAX(id) AS id FROM change_events
     WHERE id > ? AND at <= UTC_TIMESTAMP(6) - INTERVAL ${settledAfterSeconds} SECOND`,
    [earliest],
  )
  return { settled: old?.id ?? earliest, newest }
}

/**
 * Is a row between these ids written but not committed yet? Ids that no transaction holds were given out and never used, as many are:
 * an INSERT of several rows takes more than it needs. Asks without waiting: a held row is an error, which both servers name differently.
 */
export const isEventIdHeld = async (sql: Sql, from: number, to: number): Promise<boolean> => {
  try {
    await sql.rows(idSchema, 'SELECT id FROM change_events WHERE id BETWEEN ? AND ? FOR UPDATE NOWAIT', [from, to])
    return false
  } catch (fault) {
    if (fault instanceof DatabaseFault && (fault.code === 'ER_LOCK_WAIT_TIMEOUT' || fault.code === 'ER_LOCK_NOWAIT')) {
      return true
    }
    throw fault
  }
}

const changeEventSchema = z.object({
  id: integer,
  kind: z.enum(['reduction', 'detection', 'notice', 'instrument']),
  at: isoInstant,
  instrument: z.string().nullable(),
  runNumber: integer.nullable(),
  reductionId: integer.nullable(),
  state: z.string(),
  reason: z.string().nullable(),
  who: z.string().nullable(),
})

/** Users hear of their experiments' reductions; instrument scientists of all that concerns their instruments. */
const eventsVisibleTo = (viewer: Viewer): Condition => {
  switch (viewer.role) {
    case 'administrator':
      return allOf()
    case 'instrument-scientist':
      return viewer.instruments.length === 0
        ? { sql: 'FALSE', parameters: [] }
        : {
            // That everything is paused concerns every instrument.
            sql: `(change_events.instrument IN (?) OR (change_events.kind = 'instrument' AND change_events.instrument IS NULL))`,
            parameters: [viewer.instruments],
          }
    case 'user':
      return viewer.rbNumbers.length === 0
        ? { sql: 'FALSE', parameters: [] }
        : { sql: 'reductions.rb_number IN (?)', parameters: [viewer.rbNumbers] }
  }
}

const eventsPerRead = 500

/**
 * The events after one id and up to another that the viewer may see, in order, and how far they were read: all the way unless they are
 * many.
 */
export const changeEventsBetween = async (
  sql: Sql,
  viewer: Viewer,
  after: number,
  upTo: number,
): Promise<{ readonly events: readonly ChangeEvent[]; readonly position: number }> => {
  const visible = eventsVisibleTo(viewer)
  const join = viewer.role === 'user' ? 'JOIN reductions ON reductions.id = change_events.reduction_id' : ''
  const events = await sql.rows(
    changeEventSchema,
    `SELECT change_events.id, kind, at, change_events.instrument, run_number AS runNumber, reduction_id AS reductionId,
       change_events.state, change_events.reason, who
     FROM change_events ${join}
     WHERE change_events.id > ? AND change_events.id <= ? AND ${visible.sql}
     ORDER BY change_events.id LIMIT ${eventsPerRead}`,
    [after, upTo, ...visible.parameters],
  )
  const last = events.at(-1)
  return { events, position: last && events.length >= eventsPerRead ? last.id : upTo }
}
