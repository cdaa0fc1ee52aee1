import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { everyone, type Viewer } from '#contracts/viewer.ts'
import { freshSchema, type FreshSchema } from '../../../tests/support/fresh-schema.ts'
import { planFaults, rowsRead } from '../../../tests/support/rows-read.ts'
import { insertRows, seedPast, type SeededRun } from '../../../tests/support/seed-archive.ts'
import type { Sql } from '../connection.ts'
import { batchesOfRun, batchesSelect, listBatches, planBatchesList } from './batches-list.ts'
import { changeEventsBetween, eventIdsAfter, startOfEvents } from './change-events.ts'
import { detectionsSelect, listDetections, planDetectionsList, type DetectionFilters } from './detections-list.ts'
import { newestKnownVariables } from './instrument-script.ts'
import { latestRunsStatement, listInstruments } from './instruments-list.ts'
import { floorStatement, pageStatement } from './keyset-page.ts'
import { listNotices, noticesStatement } from './notices-list.ts'
import { readOverview } from './overview.ts'
import { findReduction, neighbourRun, placeOf, runsOfReduction, versionsOfTarget } from './reduction-detail.ts'
import { lastSecondsStatement, typicalSeconds } from './typical-seconds.ts'
import { allOf } from './visible-to.ts'

const instruments = ['ENGINX', 'INTER', 'MARI', 'WISH']
const scientist: Viewer = { role: 'instrument-scientist', name: 'Ada', instruments: ['MARI'] }
let schema: FreshSchema
let past: readonly SeededRun[]

beforeAll(async () => {
  schema = await freshSchema()
  past = await seedPast(schema.database, instruments, 5_000)
  const now = new Date()
  await insertRows(
    schema.database,
    'notices',
    'instrument kind message detail raised_at last_seen_at resolved_at open_key'.split(' '),
    Array.from({ length: 5_000 }, (_, place) => [
      'MARI',
      'lastrun-problem',
      'It is empty.',
      '{}',
      new Date(now.getTime() - place * 60_000),
      now,
      place < 3 ? null : now,
      place < 3 ? `lastrun-problem:${place}` : null,
    ]),
  )
  await insertRows(
    schema.database,
    'change_events',
    ['kind', 'at', 'instrument', 'state'],
    Array.from({ length: 20_000 }, (_, place) => ['reduction', now, instruments[place % 4] ?? '', 'Queued']),
  )
  await schema.database.change('ANALYZE TABLE notices, change_events').catch(() => undefined)
})
afterAll(() => schema.drop())

const detectionFilters: readonly DetectionFilters[] = [
  {},
  { states: ['submitted'] },
  { states: ['submitted', 'waiting'] },
  { instrument: 'MARI' },
  { instrument: 'MARI', states: ['submitted'] },
  { instrument: 'MARI', states: ['due', 'waiting', 'submitted'] },
]

describe('the plans of the lists', () => {
  it.each(detectionFilters)('read detections along an index, without sorting (%o)', async (filters) => {
    for (const viewer of [everyone, scientist]) {
      const plan = planDetectionsList(filters, viewer)
      const after = [3_000]
      const statements = [
        pageStatement(plan, detectionsSelect, { limit: 50 }),
        pageStatement(plan, detectionsSelect, { limit: 50, after }),
        ...(plan.residual ? [floorStatement(plan, after, 1_000)] : []),
      ]
      for (const statement of statements) expect(await planFaults(schema.database, statement)).toEqual([])
    }
  })

  it('find the newest run of each instrument in one step of the index', async () => {
    const statement = { sql: latestRunsStatement(allOf()), parameters: [] }
    expect(await planFaults(schema.database, statement)).toEqual([])
  })

  it('read the last durations along an index', async () => {
    const statement = { sql: lastSecondsStatement(instruments), parameters: instruments }
    expect(await planFaults(schema.database, statement)).toEqual([])
  })

  it('read notices by time along an index; open ones are few and may be sorted', async () => {
    expect(await planFaults(schema.database, noticesStatement(everyone, 'all', 50))).toEqual([])
    expect(await planFaults(schema.database, noticesStatement(everyone, 'resolved', 50))).toEqual([])
    expect(await planFaults(schema.database, noticesStatement(everyone, 'open', 50))).toEqual(['notices is sorted'])
  })
})

describe('the plans of the batches', () => {
  const user: Viewer = { role: 'user', name: 'Bob', rbNumbers: [1_000_001, 1_000_002] }
  it.each([{}, { instrument: 'MARI' }, { rbNumber: 1_000_001 }, { instrument: 'MARI', rbNumber: 1_000_001 }])(
    'read them along an index, without sorting (%o)',
    async (filters) => {
      for (const viewer of [everyone, scientist, user]) {
        const plan = planBatchesList(filters, viewer)
        for (const after of [undefined, [3_000]]) {
          const statement = pageStatement(plan, batchesSelect, { limit: 50, after })
          expect(await planFaults(schema.database, statement)).toEqual([])
        }
      }
    },
  )
})

describe('the rows that are read', () => {
  const newest = () => past.at(-1)?.id ?? 0
  const cases: readonly (readonly [what: string, most: number, work: (sql: Sql) => Promise<unknown>])[] = [
    ['for the instruments', 800, (sql) => listInstruments(sql, everyone)],
    // The last day of this past has 1,440 reductions; they are counted and their median is taken.
    ['for the overview', 8_000, (sql) => readOverview(sql, everyone)],
    ['for how long reductions take', 250, (sql) => typicalSeconds(sql, instruments)],
    ['for a page of detections', 150, (sql) => listDetections(sql, everyone, {}, { limit: 50 })],
    [
      'for a page of detections in two states',
      300,
      (sql) => listDetections(sql, everyone, { states: ['submitted', 'waiting'] }, { limit: 50 }),
    ],
    ['for the open notices', 50, (sql) => listNotices(sql, everyone, 'open', 50)],
    ['for a page of notices', 150, (sql) => listNotices(sql, everyone, 'all', 50)],
    ['for a reduction', 40, (sql) => findReduction(sql, everyone, newest())],
    ['for its runs', 20, (sql) => runsOfReduction(sql, newest())],
    [
      'for its versions',
      20,
      (sql) => versionsOfTarget(sql, everyone, { instrument: 'MARI', target: '3000', isBatch: false }),
    ],
    [
      'for the run before',
      20,
      (sql) => neighbourRun(sql, everyone, { instrument: 'MARI', runNumber: 3_000 }, 'before'),
    ],
    ['for the run after', 20, (sql) => neighbourRun(sql, scientist, { instrument: 'MARI', runNumber: 3_000 }, 'after')],
    [
      'for a place in line',
      30,
      (sql) => placeOf(sql, { id: newest(), state: 'Queued', instrument: 'MARI', class: 'fresh' }, false),
    ],
    ['for a page of batches', 150, (sql) => listBatches(sql, everyone, { instrument: 'MARI' }, { limit: 50 })],
    ['for the batches of a run', 20, (sql) => batchesOfRun(sql, everyone, { instrument: 'MARI', runNumber: 3_000 })],
    ['for variables known before', 1_500, (sql) => newestKnownVariables(sql, everyone, 'MARI')],
    ['for where changes start', 2_100, (sql) => startOfEvents(sql)],
    ['for new changes', 50, (sql) => eventIdsAfter(sql, 19_990)],
    ['for the changes a viewer may see', 50, (sql) => changeEventsBetween(sql, scientist, 19_980, 20_000)],
  ]
  it.each(cases)('%s are at most %i, of 20,000 runs', async (_what, most, work) => {
    expect(await rowsRead(schema.database, work)).toBeLessThan(most)
  })
})
