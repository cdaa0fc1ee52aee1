import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { detectionsSchema, instrumentsSchema, overviewSchema, runsSchema } from '#contracts/api.ts'
import { noticesSchema } from '#contracts/notices.ts'
import { everyone } from '#contracts/viewer.ts'
import { insertRows, seedPast, type SeededRun } from '../../tests/support/seed-archive.ts'
import { startApi, type TestApi } from './an-api.fixture.ts'

let api: TestApi
let past: readonly SeededRun[]

beforeAll(async () => {
  api = await startApi()
  past = await seedPast(api.database, ['ENGINX', 'MARI'], 120)
  const now = new Date()
  await insertRows(
    api.database,
    'detections',
    'instrument run_number state reason detected_at deadline_at next_try_at changed_at'.split(' '),
    [
      ['MARI', 5_001, 'waiting', 'There is no file yet.', now, now, now, now],
      ['MARI', 5_002, 'due', null, now, now, now, now],
      ['ENGINX', 5_003, 'given-up', 'It was awaited for 24 hours and given up.', now, now, null, now],
    ],
  )
  await insertRows(
    api.database,
    'notices',
    'instrument kind message detail raised_at last_seen_at resolved_at resolution open_key'.split(' '),
    [
      ['MARI', 'lastrun-problem', 'It is empty.', '{}', now, now, null, null, 'lastrun-problem:MARI'],
      ['MARI', 'gap-too-large', 'Jumped.', '{"cursor":1,"lastRun":999}', now, now, now, 'Dismissed.', null],
      [null, 'service', 'The disk is nearly full.', '{}', now, now, null, null, 'service:disk'],
    ],
  )
  await api.database.change(
    `INSERT INTO detection_cursors (instrument, last_run, moved_at, looked_at)
     VALUES ('MARI', 5002, '2026-01-02 03:04:05.678901', UTC_TIMESTAMP(6))`,
  )
})
afterAll(() => api.close())
beforeEach(() => {
  api.state.viewer = everyone
})

const problemOf = async (path: string) => {
  const { status, headers, json } = await api.get(path)
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(json).toMatchObject({ status, type: 'about:blank' })
  return { status, detail: (json as { detail: string }).detail }
}

describe('GET runs', () => {
  it('pages to the end with the contract’s fields', async () => {
    const seen: number[] = []
    let path = 'runs?instrument=mari&limit=50'
    for (;;) {
      const { status, headers, json } = await api.get(path)
      expect(status).toBe(200)
      expect(headers.get('cache-control')).toBe('no-store')
      const page = runsSchema.strict().parse(json)
      seen.push(...page.items.map(({ runNumber }) => runNumber))
      if (page.next === null) break
      path = `runs?instrument=mari&limit=50&cursor=${page.next}`
    }
    expect(seen).toEqual(
      past
        .filter(({ instrument }) => instrument === 'MARI')
        .map(({ runNumber }) => runNumber)
        .toReversed(),
    )
  })

  it('says of each run how many batches it was reduced in, and which is the newest', async () => {
    const [older, newer] = past.filter(({ instrument }) => instrument === 'MARI')
    const { insertedId: batch } = await api.database.change(
      `INSERT INTO reductions (instrument, target, is_batch, version, state, class, rb_number, started_by, submitted_at)
       VALUES ('MARI', '1000-1001', TRUE, 0, 'Skipped', 'rerun', ?, 'Ada', '2026-01-02 03:04:05')`,
      [older?.rbNumber ?? 0],
    )
    await insertRows(
      api.database,
      'reduction_runs',
      ['reduction_id', 'run_id'],
      [older, newer].map((run) => [batch, run?.id ?? 0]),
    )
    const { json } = await api.get('runs?instrument=MARI&run=1000-1002')
    expect(runsSchema.parse(json).items.map(({ runNumber, batches }) => [runNumber, batches])).toEqual([
      [1_002, null],
      [1_001, { count: 1, newestId: batch }],
      [1_000, { count: 1, newestId: batch }],
    ])
  })

  it('has 50 items unless more are asked for', async () => {
    const { json } = await api.get('runs')
    expect(runsSchema.parse(json).items).toHaveLength(50)
  })

  it.each([
    ['runs?run=1003', 2],
    ['runs?run=1000-1002,1010', 8],
    ['runs?run=1-999999999&instrument=MARI&limit=500', 120],
    ['runs?rb=1000003&limit=500', 10],
    ['runs?rb=RB1000003&limit=500', 10],
    ['runs?state=&instrument=&limit=500', 240],
    ['runs?title=steel of mari&limit=500', 120],
    ['runs/?instrument=NDXMARI&limit=500', 120],
  ])('understands %s', async (path, count) => {
    const { status, json } = await api.get(path)
    expect(status).toBe(200)
    expect(runsSchema.parse(json).items).toHaveLength(count)
  })

  it('takes several states, in any case, together or apart', async () => {
    const count = (states: readonly string[]) => past.filter(({ state }) => states.includes(state)).length
    for (const path of ['runs?state=error,SKIPPED&limit=500', 'runs?state=Error&state=Skipped&limit=500']) {
      const { json } = await api.get(path)
      expect(runsSchema.parse(json).items).toHaveLength(count(['Error', 'Skipped']))
    }
  })

  it.each([
    ['runs?instrument=ENGNX', 404, 'There is no instrument ENGNX. Did you mean ENGINX?'],
    ['runs?instrument=QUOKKA', 404, 'There is no instrument QUOKKA. GET instruments lists those there are.'],
    [
      'runs?instrument=EN GIN',
      400,
      '“EN GIN” cannot be the name of an instrument. Names look like ENGINX; GET instruments lists them.',
    ],
    ['runs?limit=0', 400, '“limit” must be a whole number from 1 to 500; “0” is none.'],
    ['runs?limit=501', 400, '“limit” must be a whole number from 1 to 500; “501” is none.'],
    ['runs?limit=ten', 400, '“limit” must be a whole number from 1 to 500; “ten” is none.'],
    ['runs?limit=5&limit=6', 400, '“limit” is given more than once.'],
    ['runs?run=5-1', 400, 'The range “5-1” runs backwards. Write 1-5.'],
    ['runs?run=1;2', 400, '“1;2” is not a run number or a range. Write them like 1-5,7.'],
    ['runs?rb=123', 400, "“123” is not an experiment's RB number, which has seven digits such as 1920234."],
    [
      'runs?state=Complete',
      400,
      'There is no state “Complete” here. Did you mean “Completed”? There are: Queued, Processing, Completed, Error, Skipped, Cancelled.',
    ],
    [
      'runs?state=waiting',
      400,
      'Runs that wait for their file have no reduction yet: GET detections?state=waiting lists them.',
    ],
    [
      'runs?instument=MARI',
      400,
      'There is no parameter “instument” here. Did you mean “instrument”? There are: instrument, run, rb, state, title, limit, cursor.',
    ],
    [
      'runs?cursor=abc',
      400,
      'This cursor does not belong to this list. Take “next” of a page with the same filters, or leave the cursor out to start anew.',
    ],
  ])('says of %s what is wrong', async (path, status, detail) => {
    expect(await problemOf(path)).toEqual({ status, detail })
  })

  it('does not go on in another list with a cursor', async () => {
    const { json } = await api.get('runs?limit=1')
    const { next } = runsSchema.parse(json)
    expect(await problemOf(`runs?instrument=MARI&cursor=${next}`)).toMatchObject({ status: 400 })
  })
})

describe('GET instruments', () => {
  it('tells each with its newest run, its counter and what is under way', async () => {
    const { status, json } = await api.get('instruments')
    expect(status).toBe(200)
    const { items } = instrumentsSchema.parse(json)
    expect(items.map(({ name }) => name)).toEqual(['ENGINX', 'MARI'])
    expect(items[1]).toMatchObject({
      name: 'MARI',
      isActive: true,
      lastRun: 5_002,
      lastRunAt: '2026-01-02T03:04:05.678Z',
      problem: 'It is empty.',
      latestRun: { instrument: 'MARI', runNumber: 1_119, latest: { state: 'Completed' } },
      queued: 0,
      processing: 0,
      waiting: 2,
    })
    expect(items[0]).toMatchObject({ lastRun: null, lastRunAt: null, problem: null, waiting: 0 })
  })

  it('says how long a reduction usually takes: the median of the last fifty completed', async () => {
    const { items } = instrumentsSchema.parse((await api.get('instruments')).json)
    const seconds = past
      .filter(({ instrument, state }) => instrument === 'MARI' && state === 'Completed')
      .slice(-50)
      .map(({ id }) => 10 + (id % 50))
      .toSorted((left, right) => left - right)
    expect(items[1]?.typicalSeconds).toBe(((seconds[24] ?? 0) + (seconds[25] ?? 0)) / 2)
  })
})

describe('GET overview', () => {
  it('counts what stands in line, what runs and what the last day brought', async () => {
    const { json } = await api.get('overview')
    const overview = overviewSchema.parse(json)
    const count = (state: string) => past.filter((run) => run.state === state).length
    expect(overview).toMatchObject({
      line: { fresh: 0, rerun: 0, bulk: 0 },
      processing: 0,
      slots: 0,
      lastDay: { completed: count('Completed'), error: count('Error'), skipped: count('Skipped'), cancelled: 0 },
    })
    expect(overview.lastDay.medianSeconds).toBeGreaterThan(10)
  })

  it('counts as failures only what failed in its newest version: the number of rows that the failures page shows', async () => {
    const { failures } = overviewSchema.parse((await api.get('overview')).json)
    const shown = runsSchema.parse((await api.get('runs?state=Error&limit=500')).json).items
    expect(failures).toBe(shown.length)
    expect(failures).toBeGreaterThan(0)
  })
})

describe('GET detections', () => {
  it('lists those of a state, newest first', async () => {
    const { json } = await api.get('detections?state=waiting,due,given-up')
    const { items, next } = detectionsSchema.parse(json)
    expect(items.map(({ runNumber }) => runNumber)).toEqual([5_003, 5_002, 5_001])
    expect(items[2]).toMatchObject({ instrument: 'MARI', state: 'waiting', reason: 'There is no file yet.', tries: 0 })
    expect(next).toBeNull()
  })

  it('pages through those of an instrument', async () => {
    const first = detectionsSchema.parse((await api.get('detections?instrument=MARI&limit=2')).json)
    expect(first.items.map(({ runNumber }) => runNumber)).toEqual([5_002, 5_001])
    const second = detectionsSchema.parse(
      (await api.get(`detections?instrument=MARI&limit=2&cursor=${first.next}`)).json,
    )
    expect(second.items.map(({ runNumber }) => runNumber)).toEqual([1_119, 1_118])
  })

  it('says which states there are', async () => {
    expect((await problemOf('detections?state=lost')).detail).toBe(
      'There is no state “lost” here. There are: due, waiting, submitted, given-up, dismissed.',
    )
  })
})

describe('GET notices', () => {
  it('lists those that stand open, and what may be decided about them', async () => {
    const { items } = noticesSchema.parse((await api.get('notices?open=true')).json)
    expect(items.map(({ kind }) => kind).toSorted()).toEqual(['lastrun-problem', 'service'])
    expect(items.every(({ choices }) => choices.length === 0)).toBe(true)
    expect(noticesSchema.parse((await api.get('notices')).json).items).toHaveLength(3)
    expect(noticesSchema.parse((await api.get('notices?open=false')).json).items).toHaveLength(1)
    expect((await problemOf('notices?open=maybe')).detail).toBe('“open” is true or false; “maybe” is neither.')
  })
})

describe('who sees what', () => {
  it('gives an instrument scientist their own instruments only', async () => {
    api.state.viewer = { role: 'instrument-scientist', name: 'Ada', instruments: ['ENGINX'] }
    expect(instrumentsSchema.parse((await api.get('instruments')).json).items.map(({ name }) => name)).toEqual([
      'ENGINX',
    ])
    expect(noticesSchema.parse((await api.get('notices')).json).items).toEqual([])
    const waiting = detectionsSchema.parse((await api.get('detections?state=waiting,due,given-up')).json)
    expect(waiting.items.map(({ instrument }) => instrument)).toEqual(['ENGINX'])
    expect((await problemOf('runs?instrument=MARI')).detail).toMatch(/^There is no instrument MARI\./)
    const overview = overviewSchema.parse((await api.get('overview')).json)
    expect(overview.lastDay.completed).toBe(
      past.filter(({ instrument, state }) => instrument === 'ENGINX' && state === 'Completed').length,
    )
  })

  it('gives a user their experiments only', async () => {
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1_100_003] }
    const [mari, ...others] = instrumentsSchema.parse((await api.get('instruments')).json).items
    expect(others).toEqual([])
    expect(mari).toMatchObject({ name: 'MARI', latestRun: { runNumber: 1_039, rbNumber: 1_100_003 }, problem: null })
    expect(detectionsSchema.parse((await api.get('detections')).json).items).toEqual([])
    expect(noticesSchema.parse((await api.get('notices')).json).items).toEqual([])
    const { items } = runsSchema.parse((await api.get('runs')).json)
    expect(items).toHaveLength(10)
    const other = past.find(({ rbNumber }) => rbNumber === 1_100_004)
    expect(await problemOf(`reductions/${other?.id}`)).toMatchObject({ status: 404 })
    expect((await api.get(`reductions/${items[0]?.latest?.id}`)).status).toBe(200)
  })
})

describe('what no route takes', () => {
  const all = 'openapi.json describes all there is.'
  const collections =
    'instruments, overview, environments, runs, reductions, batches, cancellations, pause, resume, comparisons, submissions, detections, notices, events, openapi.json'
  it.each([
    ['GET', '/v1/run', 404, `There is nothing at run. Did you mean runs? ${all}`],
    ['GET', '/v1/reduction/5', 404, `There is nothing at reduction/5. Did you mean reductions/5? ${all}`],
    ['GET', '/v1/reductions/5/plots', 404, `There is nothing at reductions/5/plots. ${all}`],
    ['GET', '/runs', 404, `The paths of the API begin with v1/ and then: ${collections}. v1/${all}`],
    ['GET', '/v1/', 404, `The paths of the API begin with v1/ and then: ${collections}. v1/${all}`],
    ['DELETE', '/v1/runs', 405, 'DELETE is not possible at runs. Possible: GET.'],
    ['GET', '/v1/submissions', 405, 'GET is not possible at submissions. Possible: POST.'],
    ['GET', '/v1/detections/1/retry', 405, 'GET is not possible at detections/1/retry. Possible: POST.'],
    [
      'DELETE',
      '/v1/reductions/1/files/a/b.png',
      405,
      'DELETE is not possible at reductions/1/files/a/b.png. Possible: GET.',
    ],
  ])('%s %s is answered with the way', async (method, path, status, detail) => {
    const answer = await api.app.request(path, { method })
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ status, detail })
  })
})
