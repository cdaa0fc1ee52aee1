import { z } from 'zod'
import type { Instrument, Run } from '#contracts/api.ts'
import type { Pause } from '#contracts/decisions.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Sql } from '../connection.ts'
import { flag, integer, isoInstant } from './column-parsers.ts'
import { instrumentPauseColumns, instrumentPauseOf, instrumentPauseSchema, readServicePause } from './pauses.ts'
import { runColumns, runOf, runRowSchema, withLatest } from './run-columns.ts'
import { typicalSeconds } from './typical-seconds.ts'
import { allOf, experimentsVisibleTo, instrumentsVisibleTo, operationsVisibleTo, type Condition } from './visible-to.ts'

const instrumentRowSchema = z.object({
  name: z.string(),
  isActive: flag,
  lastRun: integer.nullable(),
  lastRunAt: isoInstant.nullable(),
  lastLookAt: isoInstant.nullable(),
  ...instrumentPauseSchema.shape,
})
const countSchema = z.object({ instrument: z.string(), state: z.string(), count: integer })
const problemSchema = z.object({ instrument: z.string(), message: z.string() })

/** Every instrument that the viewer may see, by name, with its newest run and what is under way. */
export const listInstruments = async (sql: Sql, viewer: Viewer): Promise<readonly Instrument[]> => {
  const visible = instrumentsVisibleTo(viewer)
  const rows = await sql.rows(
    instrumentRowSchema,
    `SELECT name, is_active AS isActive, last_run AS lastRun, moved_at AS lastRunAt, looked_at AS lastLookAt,
       ${instrumentPauseColumns}
     FROM instruments LEFT JOIN detection_cursors ON detection_cursors.instrument = instruments.name
     WHERE ${visible.sql} ORDER BY name`,
    visible.parameters,
  )
  const names = rows.map(({ name }) => name)
  if (names.length === 0) return []
  const [everything, latest, underWay, waiting, problems, typical] = await Promise.all([
    readServicePause(sql),
    latestRuns(sql, viewer),
    countUnderWay(sql, viewer),
    countWaiting(sql, viewer),
    openCounterProblems(sql, viewer),
    typicalSeconds(sql, names),
  ])
  return rows.map((row) => ({
    ...withoutPauseColumns(row),
    ...pauseFacts(instrumentPauseOf(row) ?? everything),
    problem: problems.get(row.name) ?? null,
    latestRun: latest.get(row.name) ?? null,
    queued: underWay.get(`${row.name} Queued`) ?? 0,
    processing: underWay.get(`${row.name} Processing`) ?? 0,
    waiting: waiting.get(row.name) ?? 0,
    typicalSeconds: typical.get(row.name) ?? null,
  }))
}

const withoutPauseColumns = ({
  name,
  isActive,
  lastRun,
  lastRunAt,
  lastLookAt,
}: z.infer<typeof instrumentRowSchema>) => ({
  name,
  isActive,
  lastRun,
  lastRunAt,
  lastLookAt,
})

const pauseFacts = (pause: Pause | null): Pick<Instrument, 'isPaused' | 'pausedReason' | 'pause'> => ({
  isPaused: pause !== null,
  pausedReason: pause?.reason ?? null,
  pause,
})

/** The highest run of each instrument: one step of the index for each. */
export const latestRunsStatement = (visible: Condition): string =>
  `SELECT ${runColumns}
   FROM (SELECT instrument, MAX(run_number) AS run_number FROM runs WHERE ${visible.sql}
         GROUP BY instrument ORDER BY NULL) AS newest
   JOIN runs ON runs.instrument = newest.instrument AND runs.run_number = newest.run_number ${withLatest}`

const latestRuns = async (sql: Sql, viewer: Viewer): Promise<ReadonlyMap<string, Run>> => {
  const visible = experimentsVisibleTo(viewer, 'runs')
  const rows = await sql.rows(runRowSchema, latestRunsStatement(visible), visible.parameters)
  return new Map(rows.map((row) => [row.instrument, runOf(row)]))
}

const countUnderWay = async (sql: Sql, viewer: Viewer): Promise<ReadonlyMap<string, number>> => {
  const visible = experimentsVisibleTo(viewer, 'reductions')
  const rows = await sql.rows(
    countSchema,
    `SELECT instrument, state, COUNT(*) AS count FROM reductions
     WHERE state IN ('Queued', 'Processing') AND ${visible.sql} GROUP BY state, instrument`,
    visible.parameters,
  )
  return new Map(rows.map(({ instrument, state, count }) => [`${instrument} ${state}`, count]))
}

const countWaiting = async (sql: Sql, viewer: Viewer): Promise<ReadonlyMap<string, number>> => {
  const visible = operationsVisibleTo(viewer, 'detections')
  const rows = await sql.rows(
    countSchema.omit({ state: true }),
    `SELECT instrument, COUNT(*) AS count FROM detections
     WHERE state IN ('due', 'waiting') AND ${visible.sql} GROUP BY instrument`,
    visible.parameters,
  )
  return new Map(rows.map(({ instrument, count }) => [instrument, count]))
}

/** Why the counter cannot be read now. Open notices are few: their index holds nothing else. */
const openCounterProblems = async (sql: Sql, viewer: Viewer): Promise<ReadonlyMap<string, string>> => {
  const all = allOf(operationsVisibleTo(viewer, 'notices'), {
    sql: `notices.open_key IS NOT NULL AND notices.kind = 'lastrun-problem' AND notices.instrument IS NOT NULL`,
    parameters: [],
  })
  const rows = await sql.rows(
    problemSchema,
    `SELECT notices.instrument, notices.message FROM notices WHERE ${all.sql} ORDER BY notices.id`,
    all.parameters,
  )
  return new Map(rows.map(({ instrument, message }) => [instrument, message]))
}

const nameSchema = z.object({ name: z.string() })

/** The names of the instruments that the viewer may know of. */
export const visibleInstrumentNames = async (sql: Sql, viewer: Viewer): Promise<readonly string[]> => {
  const visible = instrumentsVisibleTo(viewer)
  const rows = await sql.rows(
    nameSchema,
    `SELECT name FROM instruments WHERE ${visible.sql} ORDER BY name`,
    visible.parameters,
  )
  return rows.map(({ name }) => name)
}
