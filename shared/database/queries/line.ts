import { z } from 'zod'
import type { DataReady } from '#contracts/data-ready.ts'
import { reductionClasses } from '#domain/reduction-classes.ts'
import type { Line, LineHead, Running } from '#domain/who-is-next.ts'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'
import { mayMove } from './pauses.ts'
import { slotsAlive } from './processors.ts'

const runningSchema = z.object({ instrument: z.string(), class: z.enum(reductionClasses) })
const headSchema = z.object({
  instrument: z.string(),
  class: z.enum(reductionClasses),
  waitedSeconds: z.coerce.number(),
})

/** What holds a slot. */
export const readRunning = (sql: Sql): Promise<readonly Running[]> =>
  sql.rows(runningSchema, `SELECT instrument, class FROM reductions WHERE state = 'Processing' AND step IS NULL`)

const waited = 'TIMESTAMPDIFF(SECOND, heads.oldest, UTC_TIMESTAMP(6)) AS waitedSeconds'

/** Heads of all lines that may move. One loose scan of the index `line`, whatever the length of the lines. */
export const readLineHeads = (sql: Sql): Promise<readonly LineHead[]> =>
  sql.rows(
    headSchema,
    `SELECT heads.instrument, heads.class, ${waited}
     FROM (SELECT class, instrument, MIN(queued_at) AS oldest FROM reductions WHERE state = 'Queued' GROUP BY class, instrument) AS heads
     JOIN instruments ON instruments.name = heads.instrument
     WHERE ${mayMove}`,
  )

const readLines = (sql: Sql): Promise<readonly Line[]> =>
  sql.rows(
    headSchema.extend({ count: integer }),
    `SELECT heads.instrument, heads.class, ${waited}, heads.count
     FROM (SELECT class, instrument, MIN(queued_at) AS oldest, COUNT(*) AS count FROM reductions WHERE state = 'Queued'
       GROUP BY class, instrument) AS heads
     JOIN instruments ON instruments.name = heads.instrument
     WHERE ${mayMove}`,
  )

const orphanedSchema = z.object({ orphaned: integer })

const readOrphaned = async (sql: Sql): Promise<number> => {
  const [row] = await sql.rows(
    orphanedSchema,
    `SELECT COUNT(*) AS orphaned FROM reductions
     WHERE state = 'Processing' AND step = 'publishing' AND lease_expires_at < UTC_TIMESTAMP(6)`,
  )
  return row?.orphaned ?? 0
}

export type Standing = {
  readonly slots: number
  readonly running: readonly Running[]
  /** Paused instruments' reductions do not stand in line. */
  readonly lines: readonly Line[]
  readonly orphaned: number
}

/** What stands in line and what could work on it. */
export const readLine = async (sql: Sql): Promise<Standing> => ({
  slots: await slotsAlive(sql),
  running: await readRunning(sql),
  lines: await readLines(sql),
  orphaned: await readOrphaned(sql),
})

const inLineSchema = z.object({
  reductionId: integer,
  instrument: z.string(),
  runNumber: integer,
})

/** The oldest of the line, for people who read the queue. */
export const oldestInLine = async (sql: Sql, count: number): Promise<readonly DataReady[]> => {
  const rows = await sql.rows(
    inLineSchema,
    `SELECT oldest.id AS reductionId, oldest.instrument, MIN(run_number) AS runNumber
     FROM (SELECT id, instrument FROM reductions WHERE state IN ('Queued', 'Processing') ORDER BY state DESC, id LIMIT ?) AS oldest
     JOIN reduction_runs ON reduction_runs.reduction_id = oldest.id JOIN runs ON runs.id = reduction_runs.run_id
     GROUP BY oldest.id, oldest.instrument`,
    [count],
  )
  return rows.map(({ reductionId, instrument, runNumber }) => ({ reductionId, instrument, runNumbers: [runNumber] }))
}
