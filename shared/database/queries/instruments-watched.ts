import { z } from 'zod'
import type { Sql } from '../connection.ts'
import { flag, integer, jsonText } from './column-parsers.ts'

const watchedSchema = z
  .object({
    name: z.string(),
    active: flag,
    flat: flag,
    prefixes: jsonText(z.array(z.string())).nullable(),
    timeLimitSeconds: integer,
    waitHours: integer,
    gapLimit: integer,
    softwareName: z.string().nullable(),
    softwareVersion: z.string().nullable(),
    origin: z.string(),
    /** The run the counter showed last; null before the first sight. */
    lastRun: integer.nullable(),
    /** What the counter showed when it last seemed to step back. */
    steppedBackTo: integer.nullable(),
  })
  .transform(({ prefixes, softwareName, softwareVersion, ...rest }) => ({
    ...rest,
    prefixes: prefixes ?? undefined,
    software:
      softwareName === null || softwareVersion === null ? undefined : { name: softwareName, version: softwareVersion },
  }))

export type WatchedInstrument = z.infer<typeof watchedSchema>

/** Every instrument with its settings and its cursor, by name: what a pass of detection starts from. */
export const watchedInstruments = (sql: Sql): Promise<WatchedInstrument[]> =>
  sql.rows(
    watchedSchema,
    `SELECT name, is_active AS active, is_flat AS flat, prefixes, time_limit_seconds AS timeLimitSeconds,
       wait_hours AS waitHours, gap_limit AS gapLimit, software_name AS softwareName, software_version AS softwareVersion,
       origin, last_run AS lastRun, stepped_back_to AS steppedBackTo
     FROM instruments LEFT JOIN detection_cursors ON detection_cursors.instrument = instruments.name ORDER BY name`,
  )
