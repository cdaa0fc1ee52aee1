import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Run } from '#contracts/api.ts'
import { everyone, type Viewer } from '#contracts/viewer.ts'
import { planFaults, rowsRead } from '../../../tests/support/rows-read.ts'
import { freshSchema, type FreshSchema } from '../../../tests/support/fresh-schema.ts'
import { insertRows, seedPast, type SeededRun } from '../../../tests/support/seed-archive.ts'
import { batchesOfRunsStatement } from './batches-of-runs.ts'
import { floorStatement, pageStatement, type ListPlace } from './keyset-page.ts'
import { planRunsList, type RunFilters } from './runs-list-plan.ts'
import { listRuns, runsSelect } from './runs-list.ts'

const instruments = ['ENGINX', 'INTER', 'MARI', 'WISH']
let schema: FreshSchema
let past: readonly SeededRun[]

beforeAll(async () => {
  schema = await freshSchema()
  past = await seedPast(schema.database, instruments, 5_000)
  await seedBatches()
})
afterAll(() => schema.drop())

const firstBatch = 100_001
const idOf = (instrument: string, runNumber: number): number =>
  past.find((run) => run.instrument === instrument && run.runNumber === runNumber)?.id ?? 0

/** Two thousand batches of the same three MARI runs; then one of ENGINX 1003 and 1004, and one of 1004 and 1005 that belongs to another experiment. */
const seedBatches = async (): Promise<void> => {
  const mari = [1_000, 1_001, 1_002].map((run) => idOf('MARI', run))
  const batches = [
    ...Array.from({ length: 2_000 }, () => ({ instrument: 'MARI', rbNumber: 1_200_000, runs: mari })),
    { instrument: 'ENGINX', rbNumber: 1_000_000, runs: [idOf('ENGINX', 1_003), idOf('ENGINX', 1_004)] },
    { instrument: 'ENGINX', rbNumber: 1_999_999, runs: [idOf('ENGINX', 1_004), idOf('ENGINX', 1_005)] },
  ]
  await insertRows(
    schema.database,
    'reductions',
    'id instrument target is_batch version state class rb_number started_by submitted_at'.split(' '),
    batches.map(({ instrument, rbNumber }, place) => [
      firstBatch + place,
      instrument,
      'several',
      true,
      place,
      'Completed',
      'rerun',
      rbNumber,
      'Ada',
      new Date(),
    ]),
  )
  await insertRows(
    schema.database,
    'reduction_runs',
    ['reduction_id', 'run_id'],
    batches.flatMap(({ runs }, place) => runs.map((run) => [firstBatch + place, run])),
  )
}

const nameOf = ({ instrument, runNumber }: { instrument: string; runNumber: number }) => `${instrument} ${runNumber}`

/** All pages, followed to the end. */
const listAll = async (
  filters: RunFilters,
  viewer: Viewer = everyone,
  limit = 400,
  rowsLookedAt?: number,
): Promise<{ readonly runs: readonly Run[]; readonly pages: number }> => {
  const runs: Run[] = []
  let after: ListPlace | undefined
  for (let pages = 1; ; pages += 1) {
    const page = await listRuns(schema.database, viewer, filters, {
      limit,
      after,
      ...(rowsLookedAt && { rowsLookedAt }),
    })
    expect(page).toBeDefined()
    runs.push(...(page?.items ?? []))
    after = page?.next
    if (!after) return { runs, pages }
    if (pages > 500) throw new Error('The list does not end.')
  }
}

const newestFirst = (left: SeededRun, right: SeededRun) => right.id - left.id

const cases: readonly {
  readonly title: string
  readonly filters: RunFilters
  readonly keeps: (run: SeededRun) => boolean
  readonly inOrder?: (left: SeededRun, right: SeededRun) => number
}[] = [
  { title: 'everything', filters: {}, keeps: () => true },
  { title: 'one instrument', filters: { instrument: 'MARI' }, keeps: (run) => run.instrument === 'MARI' },
  { title: 'one state', filters: { states: ['Error'] }, keeps: (run) => run.state === 'Error' },
  {
    title: 'two states',
    filters: { states: ['Error', 'Skipped'] },
    keeps: (run) => run.state === 'Error' || run.state === 'Skipped',
  },
  {
    title: 'an instrument and two states',
    filters: { instrument: 'WISH', states: ['Error', 'Skipped'] },
    keeps: (run) => run.instrument === 'WISH' && run.state !== 'Completed',
  },
  {
    title: 'an instrument, a state and ranges of runs',
    filters: {
      instrument: 'WISH',
      states: ['Error'],
      runRanges: [
        [1_100, 1_200],
        [5_990, 9_000],
      ],
    },
    keeps: (run) =>
      run.instrument === 'WISH' &&
      run.state === 'Error' &&
      ((run.runNumber >= 1_100 && run.runNumber <= 1_200) || run.runNumber >= 5_990),
  },
  { title: 'an experiment', filters: { rbNumber: 1_100_007 }, keeps: (run) => run.rbNumber === 1_100_007 },
  {
    title: 'an experiment, an instrument and a state',
    filters: { rbNumber: 1_100_007, instrument: 'INTER', states: ['Completed'] },
    keeps: (run) => run.rbNumber === 1_100_007 && run.state === 'Completed',
  },
  {
    title: 'run numbers of any instrument',
    filters: {
      runRanges: [
        [1_500, 1_502],
        [2_000, 2_000],
      ],
    },
    keeps: (run) => (run.runNumber >= 1_500 && run.runNumber <= 1_502) || run.runNumber === 2_000,
    inOrder: (left, right) => right.runNumber - left.runNumber || (left.instrument < right.instrument ? 1 : -1),
  },
  {
    title: 'run numbers of any instrument in one state',
    filters: { runRanges: [[1_500, 1_600]], states: ['Error'] },
    keeps: (run) => run.runNumber >= 1_500 && run.runNumber <= 1_600 && run.state === 'Error',
    inOrder: (left, right) => right.runNumber - left.runNumber || (left.instrument < right.instrument ? 1 : -1),
  },
  { title: 'a part of a title', filters: { titleContains: 'vanadium' }, keeps: (run) => run.id % 1_000 === 0 },
  {
    title: 'a part of a title with a sign that SQL gives a meaning',
    filters: { titleContains: '100%' },
    keeps: (run) => run.id % 1_000 === 0,
  },
  { title: 'a part of a title that nothing has', filters: { titleContains: 'St__l' }, keeps: () => false },
  {
    title: 'a part of a title of an instrument in two states',
    filters: { instrument: 'WISH', titleContains: 'Vanadium', states: ['Completed', 'Error'] },
    keeps: (run) => run.instrument === 'WISH' && run.id % 1_000 === 0 && run.state !== 'Skipped',
  },
]

describe('the list of runs', () => {
  it.each(cases)('gives $title, once each and in order, page by page', async ({ filters, keeps, inOrder }) => {
    const { runs } = await listAll(filters)
    expect(runs.map(nameOf)).toEqual(
      past
        .filter(keeps)
        .toSorted(inOrder ?? newestFirst)
        .map(nameOf),
    )
  })

  it.each(cases)('reads $title along an index, without sorting', async ({ filters }) => {
    const plan = planRunsList(filters, everyone)
    const after = plan.keys.map((key) => (key === 'instrument' ? 'ENGINX' : 3_000))
    const statements = [
      pageStatement(plan, runsSelect, { limit: 50 }),
      pageStatement(plan, runsSelect, { limit: 50, after }),
      ...(plan.residual
        ? [floorStatement(plan, after, 1_000), pageStatement(plan, runsSelect, { limit: 50, after, floor: after })]
        : []),
    ]
    for (const statement of statements) expect(await planFaults(schema.database, statement)).toEqual([])
  })

  it.each(cases.filter(({ filters }) => filters.titleContains === undefined))(
    'reads few rows for a page of $title',
    async ({ filters }) => {
      const rows = await rowsRead(schema.database, (sql) => listRuns(sql, everyone, filters, { limit: 50 }))
      expect(rows).toBeLessThan(1_500)
    },
  )

  it('would tell of a plan that reads or sorts everything', async () => {
    const faults = await planFaults(schema.database, { sql: 'SELECT title FROM runs ORDER BY title', parameters: [] })
    expect(faults).toEqual(['runs is read from end to end', 'runs is sorted'])
  })

  it('looks at a bounded number of rows for a title and goes on from there', async () => {
    const read = (rowsLookedAt: number) =>
      rowsRead(schema.database, (sql) =>
        listRuns(sql, everyone, { titleContains: 'nowhere' }, { limit: 50, rowsLookedAt }),
      )
    expect(await read(500)).toBeLessThan(1_500)
    const { runs, pages } = await listAll({ titleContains: 'Vanadium' }, everyone, 50, 3_000)
    expect(runs).toHaveLength(20)
    expect(pages).toBe(7)
  })

  it('does not take a place in one order for a place in another', async () => {
    const first = await listRuns(schema.database, everyone, {}, { limit: 1 })
    expect(first?.next).toBeDefined()
    const other = await listRuns(schema.database, everyone, { instrument: 'MARI' }, { limit: 1, after: first?.next })
    expect(other).toBeUndefined()
  })

  it('marks the runs that were reduced in batches, with the newest that the viewer may see', async () => {
    const marks = async (viewer: Viewer) => {
      const filters: RunFilters = { instrument: 'ENGINX', runRanges: [[1_002, 1_005]] }
      const page = await listRuns(schema.database, viewer, filters, { limit: 5 })
      return page?.items.map(({ runNumber, batches }) => [runNumber, batches])
    }
    const older = firstBatch + 2_000
    expect(await marks(everyone)).toEqual([
      [1_005, { count: 1, newestId: older + 1 }],
      [1_004, { count: 2, newestId: older + 1 }],
      [1_003, { count: 1, newestId: older }],
      [1_002, null],
    ])
    expect(await marks({ role: 'user', name: 'Bob', rbNumbers: [1_000_000] })).toEqual([
      [1_005, null],
      [1_004, { count: 1, newestId: older }],
      [1_003, { count: 1, newestId: older }],
      [1_002, null],
    ])
  })

  it('finds the batches of a page along the indexes, by the rows of its own runs alone', async () => {
    const newest = past.slice(-50).map(({ id }) => id)
    for (const viewer of [everyone, { role: 'user', name: 'Bob', rbNumbers: [1_000_000] }] satisfies Viewer[])
      expect(await planFaults(schema.database, batchesOfRunsStatement(viewer, newest))).toEqual([])
    const { sql, parameters } = batchesOfRunsStatement(everyone, newest)
    const rows = await rowsRead(schema.database, (within) => within.rows(z.unknown(), sql, parameters))
    expect(rows).toBeLessThan(250)
  })

  it('tells each run with its newest reduction', async () => {
    const page = await listRuns(
      schema.database,
      everyone,
      { instrument: 'ENGINX', runRanges: [[1_007, 1_007]] },
      { limit: 5 },
    )
    const run = past.find(({ instrument, runNumber }) => instrument === 'ENGINX' && runNumber === 1_007)
    expect(page?.items).toMatchObject([
      {
        instrument: 'ENGINX',
        runNumber: 1_007,
        title: 'Steel of ENGINX 1007',
        rbNumber: 1_000_000,
        latest: { id: run?.id, version: 0, state: run?.state },
      },
    ])
    expect(page?.items[0]?.startedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })
})

describe('who sees which runs', () => {
  const scientist: Viewer = { role: 'instrument-scientist', name: 'Ada', instruments: ['MARI', 'WISH'] }
  const user: Viewer = { role: 'user', name: 'Bob', rbNumbers: [1_100_007, 1_300_001] }
  const filtersOfAllKinds: readonly RunFilters[] = [
    {},
    { instrument: 'MARI' },
    { instrument: 'ENGINX' },
    { states: ['Error', 'Skipped'] },
    { instrument: 'WISH', states: ['Error', 'Completed'] },
    { rbNumber: 1_100_007 },
    { rbNumber: 1_000_000 },
    { runRanges: [[1_000, 1_100]] },
    { titleContains: 'Steel' },
  ]

  it.each(filtersOfAllKinds)('an instrument scientist sees nothing of other instruments (%o)', async (filters) => {
    const seen = await listAll(filters, scientist)
    const all = await listAll(filters)
    expect(seen.runs.map(nameOf)).toEqual(
      all.runs.filter((run) => scientist.instruments.includes(run.instrument)).map(nameOf),
    )
  })

  it.each(filtersOfAllKinds)('a user sees nothing of other experiments (%o)', async (filters) => {
    const seen = await listAll(filters, user)
    const all = await listAll(filters)
    expect(seen.runs.map(nameOf).toSorted()).toEqual(
      all.runs
        .filter((run) => run.rbNumber !== null && user.rbNumbers.includes(run.rbNumber))
        .map(nameOf)
        .toSorted(),
    )
  })

  it('a scientist without instruments and a user without experiments see nothing', async () => {
    expect((await listAll({}, { ...scientist, instruments: [] })).runs).toEqual([])
    expect((await listAll({}, { ...user, rbNumbers: [] })).runs).toEqual([])
  })
})
