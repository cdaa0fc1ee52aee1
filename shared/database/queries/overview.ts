import { z } from 'zod'
import type { Overview } from '#contracts/api.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { median } from '#domain/median.ts'
import { reductionClasses } from '#domain/reduction-classes.ts'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'
import { readServicePause } from './pauses.ts'
import { slotsAlive } from './processors.ts'
import { experimentsVisibleTo } from './visible-to.ts'

/** The median of the day is taken over this many at most, the newest. */
const mostDurations = 2_000

const countOfClassSchema = z.object({ class: z.enum(reductionClasses), count: integer })

const countSchema = z.object({ count: integer })

const countOfStateSchema = z.object({ state: z.string(), count: integer })

const secondsSchema = z.object({ seconds: z.number() })

/** What stands in line, what runs, and what the last day brought. */
export const readOverview = async (sql: Sql, viewer: Viewer): Promise<Overview> => {
  const visible = experimentsVisibleTo(viewer, 'reductions')
  const [pause, line, processing, slots, day, durations, failures] = await Promise.all([
    readServicePause(sql),
    sql.rows(
      countOfClassSchema,
      `SELECT class, COUNT(*) AS count FROM reductions WHERE state = 'Queued' AND ${visible.sql} GROUP BY class`,
      visible.parameters,
    ),
    sql.rows(
      countSchema,
      `SELECT COUNT(*) AS count FROM reductions WHERE state = 'Processing' AND ${visible.sql}`,
      visible.parameters,
    ),
    slotsAlive(sql),
    sql.rows(
      countOfStateSchema,
      `SELECT state, COUNT(*) AS count FROM reductions
       WHERE finished_at > UTC_TIMESTAMP(6) - INTERVAL 1 DAY AND ${visible.sql} GROUP BY state`,
      visible.parameters,
    ),
    sql.rows(
      secondsSchema,
      `SELECT script_seconds AS seconds FROM reductions
       WHERE finished_at > UTC_TIMESTAMP(6) - INTERVAL 1 DAY AND state = 'Completed' AND script_seconds IS NOT NULL
         AND ${visible.sql} ORDER BY finished_at DESC LIMIT ${mostDurations}`,
      visible.parameters,
    ),
    sql.rows(
      countSchema,
      `SELECT COUNT(*) AS count FROM reductions
       WHERE finished_at > UTC_TIMESTAMP(6) - INTERVAL 1 DAY AND state = 'Error' AND ${visible.sql}
         AND EXISTS (SELECT 1 FROM reduction_runs JOIN runs ON runs.id = reduction_runs.run_id
           WHERE reduction_runs.reduction_id = reductions.id AND runs.latest_reduction_id = reductions.id)`,
      visible.parameters,
    ),
  ])
  const queued = new Map(line.map((row) => [row.class, row.count]))
  const ended = new Map(day.map((row) => [row.state, row.count]))
  return {
    pause,
    line: { fresh: queued.get('fresh') ?? 0, rerun: queued.get('rerun') ?? 0, bulk: queued.get('bulk') ?? 0 },
    processing: processing[0]?.count ?? 0,
    slots,
    failures: failures[0]?.count ?? 0,
    lastDay: {
      completed: ended.get('Completed') ?? 0,
      error: ended.get('Error') ?? 0,
      skipped: ended.get('Skipped') ?? 0,
      cancelled: ended.get('Cancelled') ?? 0,
      medianSeconds: median(durations.map(({ seconds }) => seconds)) ?? null,
    },
  }
}
