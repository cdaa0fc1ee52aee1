import type { Database, Parameter } from '#database/connection.ts'

/** Inserts rows in few statements: `{ table, columns, rows }`. */
export const insertRows = async (
  database: Database,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Parameter[])[],
): Promise<void> => {
  for (let from = 0; from < rows.length; from += 5_000) {
    await database.change(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [rows.slice(from, from + 5_000)])
  }
}

export const insertInstruments = (
  database: Database,
  names: readonly string[],
  also: Readonly<Record<string, Parameter>> = {},
): Promise<void> => {
  const now = new Date()
  return insertRows(
    database,
    'instruments',
    ['name', 'is_active', 'created_at', 'changed_at', ...Object.keys(also)],
    names.map((name) => [name, true, now, now, ...Object.values(also)]),
  )
}

export type SeededRun = {
  readonly id: number
  readonly instrument: string
  readonly runNumber: number
  readonly state: string
  readonly rbNumber: number
}

const states = ['Completed', 'Completed', 'Completed', 'Completed', 'Skipped', 'Completed', 'Completed', 'Error']

/**
 * A facility's past: for each instrument so many runs from 1000 on, each with one finished reduction (of the same id) that ended a minute
 * after the one before, the last one ten minutes ago; ten runs of each instrument in a row make an experiment. Every title says which run
 * it is; every thousandth is of vanadium.
 */
export const seedPast = async (
  database: Database,
  instruments: readonly string[],
  runsEach: number,
): Promise<readonly SeededRun[]> => {
  await insertInstruments(database, instruments)
  const runs: SeededRun[] = []
  for (let place = 0; place < runsEach; place += 1) {
    for (const [at, instrument] of instruments.entries()) {
      const state = states[(place * 7 + at) % states.length] ?? 'Completed'
      const rbNumber = 1_000_000 + at * 100_000 + Math.floor(place / 10)
      runs.push({ id: runs.length + 1, instrument, runNumber: 1_000 + place, state, rbNumber })
    }
  }
  const endOf = (run: SeededRun): Date => new Date(Date.now() - (10 + runs.length - run.id) * 60_000)
  const titleOf = ({ id, instrument, runNumber }: SeededRun): string =>
    id % 1_000 === 0 ? `Vanadium 100% ${runNumber}` : `Steel of ${instrument} ${runNumber}`
  await insertRows(
    database,
    'runs',
    'id instrument run_number title rb_number rb_text started_at ended_at file_path latest_reduction_id latest_state'.split(
      ' ',
    ),
    runs.map((run) => [
      run.id,
      run.instrument,
      run.runNumber,
      titleOf(run),
      run.rbNumber,
      String(run.rbNumber),
      endOf(run),
      endOf(run),
      `/isis/NDX${run.instrument}/Instrument/data/cycle_24_3/${run.instrument}000${run.runNumber}.nxs`,
      run.id,
      run.state,
    ]),
  )
  await insertRows(
    database,
    'reductions',
    'id instrument target version state class rb_number started_by submitted_at queued_at started_at finished_at script_seconds'.split(
      ' ',
    ),
    runs.map((run) => [
      run.id,
      run.instrument,
      String(run.runNumber),
      0,
      run.state,
      'fresh',
      run.rbNumber,
      'autoreduction',
      endOf(run),
      endOf(run),
      endOf(run),
      endOf(run),
      run.state === 'Completed' ? 10 + (run.id % 50) : null,
    ]),
  )
  await insertRows(
    database,
    'reduction_runs',
    ['reduction_id', 'run_id'],
    runs.map(({ id }) => [id, id]),
  )
  const now = new Date()
  await insertRows(
    database,
    'detections',
    'instrument run_number state detected_at deadline_at next_try_at changed_at'.split(' '),
    runs.map((run) => [run.instrument, run.runNumber, 'submitted', endOf(run), now, null, now]),
  )
  await database.change('ANALYZE TABLE runs, reductions, detections').catch(() => undefined)
  return runs
}
