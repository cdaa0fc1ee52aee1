import { z } from 'zod'
import type { DataReady } from '#contracts/data-ready.ts'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'
import { mayMove } from './pauses.ts'
import { slotsAlive } from './processors.ts'

export type Line = {
  readonly slots: number
  readonly processing: number
  readonly queued: number
  readonly orphaned: number
}

/** What stands in line and what could work on it. Paused instruments' reductions do not stand in line. */
export const readLine = async (sql: Sql): Promise<Line> => {
  const [counts] = await sql.rows(
    z.object({ processing: integer, orphaned: integer, queued: integer }),
    `SELECT
       (SELECT COUNT(*) FROM reductions WHERE state = 'Processing' AND step IS NULL) AS processing,
       (SELECT COUNT(*) FROM reductions
        WHERE state = 'Processing' AND step = 'publishing' AND lease_expires_at < UTC_TIMESTAMP(6)) AS orphaned,
       (SELECT COUNT(*) FROM reductions JOIN instruments ON instruments.name = reductions.instrument
        WHERE state = 'Queued' AND ${mayMove}) AS queued`,
  )
  return { slots: await slotsAlive(sql), ...(counts ?? { processing: 0, orphaned: 0, queued: 0 }) }
}

/** The oldest of the line, for people who read the queue. */
export const oldestInLine = async (sql: Sql, count: number): Promise<readonly DataReady[]> => {
  const rows = await sql.rows(
    z.object({ reductionId: integer, instrument: z.string(), runNumber: integer }),
    `SELECT oldest.id AS reductionId, oldest.instrument, MIN(run_number) AS runNumber
     FROM (SELECT id, instrument FROM reductions WHERE state IN ('Queued', 'Processing') ORDER BY state DESC, id LIMIT ?) AS oldest
     JOIN reduction_runs ON reduction_runs.reduction_id = oldest.id JOIN runs ON runs.id = reduction_runs.run_id
     GROUP BY oldest.id, oldest.instrument`,
    [count],
  )
  return rows.map(({ reductionId, instrument, runNumber }) => ({ reductionId, instrument, runNumbers: [runNumber] }))
}
