import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { detectionSchema, detectionsSchema, instrumentsSchema } from '#contracts/api.ts'
import { noticeSchema } from '#contracts/notices.ts'
import { everyone } from '#contracts/viewer.ts'
import { insertInstruments, insertRows } from '../../tests/support/seed-archive.ts'
import { startApi, type TestApi } from './an-api.fixture.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
  await insertInstruments(api.database, ['ENGINX', 'MARI'], { wait_hours: 5 })
})
afterAll(() => api.close())
beforeEach(async () => {
  api.state.viewer = everyone
  for (const table of ['detections', 'detection_cursors', 'notices', 'change_events']) {
    await api.database.change(`DELETE FROM ${table}`)
  }
})

const past = new Date('2026-01-01T00:00:00Z')
const insertDetection = async (state: string, instrument = 'MARI'): Promise<number> => {
  const { insertedId } = await api.database.change(
    `INSERT INTO detections (instrument, run_number, state, reason, detected_at, deadline_at, next_try_at, changed_at)
     VALUES (?, 77, ?, 'There is no file yet.', ?, ?, ?, ?)`,
    [instrument, state, past, past, state === 'waiting' ? past : null, past],
  )
  return insertedId
}
const setCursorTo = (lastRun: number) =>
  api.database.change(
    `INSERT INTO detection_cursors (instrument, last_run, moved_at, looked_at, stepped_back_to) VALUES ('MARI', ?, ?, ?, 3)`,
    [lastRun, past, past],
  )
const insertNotice = async (kind: string, detail: unknown, instrument: string | null = 'MARI'): Promise<number> => {
  const { insertedId } = await api.database.change(
    `INSERT INTO notices (instrument, kind, message, detail, raised_at, last_seen_at, open_key) VALUES (?, ?, 'Look.', ?, ?, ?, ?)`,
    [instrument, kind, JSON.stringify(detail), past, past, `${kind}:${instrument}`],
  )
  return insertedId
}
const eventsToldOf = async () =>
  (
    await api.database.rows(
      z.object({ kind: z.string(), state: z.string(), run: z.number().nullable() }),
      'SELECT kind, state, run_number AS run FROM change_events ORDER BY id',
    )
  ).map(({ kind, state, run }) => [kind, state, ...(run === null ? [] : [run])].join(' '))
const cursor = async () =>
  api.database.rows(
    z.object({ lastRun: z.number(), steppedBackTo: z.number().nullable() }),
    `SELECT last_run AS lastRun, stepped_back_to AS steppedBackTo FROM detection_cursors WHERE instrument = 'MARI'`,
  )

describe('a detection', () => {
  it.each(['waiting', 'given-up', 'dismissed', 'due'])('that is %s is tried now and awaited anew', async (state) => {
    const id = await insertDetection(state)
    const { status, json } = await api.send('POST', `detections/${id}/retry`)
    expect(status).toBe(200)
    const detection = detectionSchema.parse(json)
    expect(detection).toMatchObject({ id, state: 'due', reason: null })
    expect(Date.parse(detection.nextTryAt ?? '')).toBeLessThanOrEqual(Date.now() + 1_000)
    expect(Math.round((Date.parse(detection.deadlineAt) - Date.now()) / 3_600_000)).toBe(5)
    expect(await eventsToldOf()).toEqual(['detection due 77'])
  })

  it.each(['waiting', 'given-up', 'due'])('that is %s can be dismissed', async (state) => {
    const id = await insertDetection(state)
    const { status, json } = await api.send('POST', `detections/${id}/dismiss`, {})
    expect(status).toBe(200)
    expect(json).toMatchObject({ state: 'dismissed', nextTryAt: null, reason: 'Dismissed by anyone on this machine.' })
    expect(await eventsToldOf()).toEqual(['detection dismissed 77'])
  })

  it.each(['dismiss', 'retry'])('that was submitted can not: %s', async (what) => {
    const id = await insertDetection('submitted')
    expect(await api.send('POST', `detections/${id}/${what}`)).toMatchObject({
      status: 409,
      json: {
        detail:
          'Run 77 of MARI was submitted already: GET runs?instrument=MARI&run=77 shows it. To reduce it again, POST submissions.',
      },
    })
    expect(await eventsToldOf()).toEqual([])
  })

  it('that is not there is told so', async () => {
    expect(await api.send('POST', 'detections/99/retry')).toMatchObject({
      status: 404,
      json: { detail: 'There is no detection 99. GET detections lists them.' },
    })
    expect(await api.send('POST', 'detections/x/retry')).toMatchObject({
      status: 400,
      json: { detail: '“x” is not the number of a detection. It is a whole number such as 42.' },
    })
  })

  it('of another instrument is none for its scientist', async () => {
    const id = await insertDetection('waiting', 'ENGINX')
    api.state.viewer = { role: 'instrument-scientist', name: 'Ada', instruments: ['MARI'] }
    expect((await api.send('POST', `detections/${id}/dismiss`)).status).toBe(404)
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1_000_000] }
    expect((await api.send('POST', `detections/${id}/dismiss`)).status).toBe(404)
    api.state.viewer = everyone
    expect(detectionsSchema.parse((await api.get('detections')).json).items).toMatchObject([{ state: 'waiting' }])
  })
})

describe('a notice about a counter that jumped', () => {
  const detail = { cursor: 100, lastRun: 350 }

  it('lets the runs between be submitted: all or nothing', async () => {
    await setCursorTo(100)
    await insertDetection('submitted')
    const id = await insertNotice('gap-too-large', detail)
    const { status, json } = await api.send('POST', `notices/${id}/resolve`, { choice: 'submit' })
    expect(status).toBe(200)
    expect(noticeSchema.parse(json)).toMatchObject({
      resolution: 'anyone on this machine submitted runs 101-350.',
      choices: [],
    })
    const { items } = detectionsSchema.parse((await api.get('detections?state=due&limit=500')).json)
    expect(items.map(({ runNumber }) => runNumber)).toEqual(Array.from({ length: 250 }, (_, place) => 350 - place))
    expect(await cursor()).toEqual([{ lastRun: 350, steppedBackTo: null }])
    const events = await eventsToldOf()
    expect(events).toContain('detection due 101')
    expect(events.slice(-2)).toEqual(['instrument cursor-set 350', 'notice resolved'])
  })

  it('lets them be left out', async () => {
    await setCursorTo(100)
    const id = await insertNotice('gap-too-large', detail)
    const { json } = await api.send('POST', `notices/${id}/resolve`, { choice: 'set-cursor' })
    expect(json).toMatchObject({ resolution: 'anyone on this machine set the cursor to 350.' })
    expect(await cursor()).toEqual([{ lastRun: 350, steppedBackTo: null }])
    expect(detectionsSchema.parse((await api.get('detections')).json).items).toEqual([])
  })

  it('is dismissed without anything else', async () => {
    await setCursorTo(100)
    const id = await insertNotice('gap-too-large', detail)
    const { json } = await api.send('POST', `notices/${id}/resolve`, { choice: 'dismiss' })
    expect(noticeSchema.parse(json)).toMatchObject({ resolution: 'anyone on this machine dismissed it.', detail })
    expect(await cursor()).toEqual([{ lastRun: 100, steppedBackTo: 3 }])
    expect(await eventsToldOf()).toEqual(['notice resolved'])
  })

  it('is settled once', async () => {
    await setCursorTo(100)
    const id = await insertNotice('gap-too-large', detail)
    const answers = await Promise.all(
      [1, 2, 3].map(() => api.send('POST', `notices/${id}/resolve`, { choice: 'submit' })),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    expect(detectionsSchema.parse((await api.get('detections?limit=500')).json).items).toHaveLength(250)
  })

  it('is not carried out when the cursor has moved since', async () => {
    await setCursorTo(120)
    const id = await insertNotice('gap-too-large', detail)
    expect(await api.send('POST', `notices/${id}/resolve`, { choice: 'submit' })).toMatchObject({
      status: 409,
      json: { detail: 'The cursor of MARI has moved since, from 100 to 120. Look at the notices again.' },
    })
    expect(await eventsToldOf()).toEqual([])
  })

  it('does not submit a counter’s slip of millions', async () => {
    await setCursorTo(100)
    const id = await insertNotice('gap-too-large', { cursor: 100, lastRun: 900_000_000 })
    const { status, json } = await api.send('POST', `notices/${id}/resolve`, { choice: 'submit' })
    expect(status).toBe(409)
    expect(json).toMatchObject({
      detail: expect.stringMatching(/^These are 899999900 runs; at most 5000 can be/) as string,
    })
  })
})

describe('other notices', () => {
  it('about a counter that stepped back submit the one run that it shows', async () => {
    await setCursorTo(100)
    const id = await insertNotice('counter-stepped-back', { cursor: 100, lastRun: 40 })
    const { json } = await api.send('POST', `notices/${id}/resolve`, { choice: 'submit' })
    expect(json).toMatchObject({ resolution: 'anyone on this machine submitted run 40.' })
    expect(await cursor()).toEqual([{ lastRun: 40, steppedBackTo: null }])
    const { items } = detectionsSchema.parse((await api.get('detections')).json)
    expect(items).toMatchObject([{ runNumber: 40, state: 'due' }])
  })

  it('that end by themselves are not decided', async () => {
    const id = await insertNotice('lastrun-problem', {})
    expect(await api.send('POST', `notices/${id}/resolve`, { choice: 'dismiss' })).toMatchObject({
      status: 409,
      json: { detail: 'There is nothing to decide about this notice: it ends by itself when its cause does.' },
    })
  })

  it('that are not there, or a choice that is none, are told so', async () => {
    expect(await api.send('POST', 'notices/99/resolve', { choice: 'submit' })).toMatchObject({
      status: 404,
      json: { detail: 'There is no notice 99. GET notices lists them.' },
    })
    expect(await api.send('POST', 'notices/99/resolve', { choice: 'ignore' })).toMatchObject({
      status: 400,
      json: { detail: '“choice” is not understood. Expected is "submit", "set-cursor" or "dismiss".' },
    })
    expect((await api.send('POST', 'notices/99/resolve')).status).toBe(400)
  })
})

describe('PUT instruments/{name}/cursor', () => {
  it('sets the cursor, settles what stood open about it, and tells', async () => {
    await setCursorTo(100)
    await insertNotice('counter-stepped-back', { cursor: 100, lastRun: 40 })
    await insertNotice('lastrun-problem', {})
    expect(await api.send('PUT', 'instruments/mari/cursor', { lastRun: 44 })).toMatchObject({
      status: 200,
      json: { lastRun: 44 },
    })
    const { items } = instrumentsSchema.parse((await api.get('instruments')).json)
    expect(items.find(({ name }) => name === 'MARI')).toMatchObject({ lastRun: 44 })
    expect((await api.get('notices?open=true')).json).toMatchObject({ items: [{ kind: 'lastrun-problem' }] })
    expect(await eventsToldOf()).toEqual(['instrument cursor-set 44', 'notice resolved'])
  })

  it('sets one that was never seen', async () => {
    expect((await api.send('PUT', 'instruments/MARI/cursor', { lastRun: 0 })).status).toBe(200)
    expect(await cursor()).toEqual([{ lastRun: 0, steppedBackTo: null }])
  })

  it.each([
    [{ lastRun: -1 }, '“lastRun” is not understood. Expected is a whole number from 0 to 999999999.'],
    [{ lastRun: '5' }, '“lastRun” is not understood. Expected is a whole number from 0 to 999999999.'],
    [{}, '“lastRun” is missing: a whole number from 0 to 999999999.'],
    [{ lastrun: 5 }, '“lastRun” is missing: a whole number from 0 to 999999999.'],
  ])('says of %j what is wrong', async (body, detail) => {
    expect(await api.send('PUT', 'instruments/MARI/cursor', body)).toMatchObject({ status: 400, json: { detail } })
  })

  it('is for those who run the instrument', async () => {
    await insertRows(api.database, 'runs', ['instrument', 'run_number', 'rb_number'], [['MARI', 1, 1_000_000]])
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1_000_000] }
    expect((await api.send('PUT', 'instruments/MARI/cursor', { lastRun: 5 })).status).toBe(404)
    api.state.viewer = { role: 'instrument-scientist', name: 'Ada', instruments: ['ENGINX'] }
    expect((await api.send('PUT', 'instruments/MARI/cursor', { lastRun: 5 })).status).toBe(404)
    expect(await cursor()).toEqual([])
  })
})
