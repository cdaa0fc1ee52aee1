import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { instrumentsSchema, overviewSchema, reductionSchema } from '#contracts/api.ts'
import { pauseStandingSchema } from '#contracts/decisions.ts'
import { everyone } from '#contracts/viewer.ts'
import { claimNext } from '#database/queries/claim-next.ts'
import { readLine } from '#database/queries/line.ts'
import { beatProcessor } from '#database/queries/processors.ts'
import { insertInstruments } from '../../tests/support/seed-archive.ts'
import { queueRuns } from './a-line.fixture.ts'
import { startApi, type TestApi } from './an-api.fixture.ts'

let api: TestApi
const environments = [{ name: 'Python', version: '3' }]
beforeAll(async () => {
  api = await startApi()
  await insertInstruments(api.database, ['ENGINX', 'HIFI', 'MARI'])
  await beatProcessor(api.database, { id: 'p1', host: 'here', slots: 50, environments })
})
afterAll(() => api.close())
afterEach(async () => {
  for (const table of ['reductions', 'reduction_runs', 'runs', 'change_events', 'service_pauses']) {
    await api.database.change(`DELETE FROM ${table}`)
  }
  await api.database.change('UPDATE instruments SET is_paused = FALSE, paused_reason = NULL')
  api.state.viewer = everyone
  api.state.rung = 0
})

const claim = () => claimNext(api.database, { processor: 'p1', environments, hasDefaultEnvironment: true })
const decide = async (path: string, body: unknown) => {
  const { status, json } = await api.send('POST', path, body)
  expect(status, JSON.stringify(json)).toBe(200)
  return pauseStandingSchema.strict().parse(json)
}
const instrument = async (name: string) => {
  const { items } = instrumentsSchema.parse((await api.get('instruments')).json)
  return items.find((one) => one.name === name)
}
const reduction = async (id: number) => reductionSchema.parse((await api.get(`reductions/${id}`)).json)
const events = () =>
  api.database.rows(
    z.object({
      instrument: z.string().nullable(),
      state: z.string(),
      who: z.string().nullable(),
      reason: z.string().nullable(),
    }),
    `SELECT instrument, state, who, reason FROM change_events WHERE kind = 'instrument' ORDER BY id`,
  )
const who = everyone.name

describe('pausing an instrument', () => {
  it('holds what stands in line and what comes; what runs goes on; others are not concerned', async () => {
    const [running = 0] = await queueRuns(api, { runs: [1] })
    expect((await claim())?.reductionId).toBe(running)
    const [before = 0] = await queueRuns(api, { runs: [2] })
    const standing = await decide('instruments/mari/pause', { reason: ' changing the cryostat ' })
    expect(standing).toEqual({
      pause: { scope: 'instrument', reason: 'changing the cryostat', by: who, at: expect.any(String) },
      held: 1,
      skipped: 0,
    })
    const [fresh = 0] = await queueRuns(api, { runs: [3] })
    const [other = 0] = await queueRuns(api, { runs: [4], instrument: 'HIFI' })
    expect((await claim())?.reductionId).toBe(other)
    expect(await claim()).toBeUndefined()
    expect(await readLine(api.database)).toMatchObject({
      lines: [],
      running: [{ instrument: 'MARI' }, { instrument: 'HIFI' }],
    })

    expect(await reduction(running)).toMatchObject({ state: 'Processing', held: null })
    for (const id of [before, fresh]) {
      expect(await reduction(id)).toMatchObject({ state: 'Queued', place: null, held: standing.pause })
    }
    expect(await instrument('MARI')).toMatchObject({
      isPaused: true,
      pausedReason: 'changing the cryostat',
      pause: standing.pause,
      queued: 2,
      processing: 1,
    })
    expect(await instrument('HIFI')).toMatchObject({ isPaused: false, pausedReason: null, pause: null })
    expect(await events()).toEqual([
      { instrument: 'MARI', state: 'paused', who, reason: `${who} paused it: changing the cryostat.` },
    ])
    // Doubled, it says the same once; with another reason it says that.
    await decide('instruments/MARI/pause', { reason: 'changing the cryostat' })
    expect(await events()).toHaveLength(1)
    await decide('instruments/MARI/pause', { reason: 'calibrating' })
    expect(await instrument('MARI')).toMatchObject({ pausedReason: 'calibrating' })
  })

  it('on resuming, what was held runs where that is chosen, in its old order', async () => {
    const ids = await queueRuns(api, { runs: [1, 2] })
    await decide('instruments/MARI/pause', { reason: 'cryostat' })
    expect(await claim()).toBeUndefined()
    expect(await decide('instruments/MARI/resume', { held: 'run' })).toEqual({ pause: null, held: 0, skipped: 0 })
    expect(api.state.rung).toBe(1)
    expect([(await claim())?.reductionId, (await claim())?.reductionId]).toEqual(ids)
    expect((await events()).at(-1)).toEqual({
      instrument: 'MARI',
      state: 'resumed',
      who,
      reason: `${who} resumed it; 2 held reductions to be run.`,
    })
  })

  it('on resuming, what was held is skipped with the reason where that is chosen; a repeat skips nothing new', async () => {
    const [one = 0, two = 0] = await queueRuns(api, { runs: [1, 2] })
    await decide('instruments/MARI/pause', { reason: 'the cryostat is changed.' })
    expect(await decide('instruments/MARI/resume', { held: 'skip' })).toEqual({ pause: null, held: 0, skipped: 2 })
    for (const id of [one, two]) {
      expect(await reduction(id)).toMatchObject({
        state: 'Skipped',
        finishedAt: expect.any(String),
        reason: `Held while paused (the cryostat is changed); ${who} chose to skip what was held. Re-run it if it is wanted after all.`,
      })
    }
    const [later = 0] = await queueRuns(api, { runs: [3] })
    expect(await decide('instruments/MARI/resume', { held: 'skip' })).toEqual({ pause: null, held: 0, skipped: 0 })
    expect((await claim())?.reductionId).toBe(later)
  })

  it('starts nothing once it is committed, however busy the line is', async () => {
    await queueRuns(api, { runs: Array.from({ length: 40 }, (_, place) => place + 1) })
    const claims: Promise<unknown>[] = Array.from({ length: 6 }, () => claim())
    const paused = api.send('POST', 'instruments/MARI/pause', { reason: 'now' })
    claims.push(...Array.from({ length: 6 }, () => claim()))
    await paused
    await Promise.all(claims)
    const [at] = await api.database.rows(
      z.object({ late: z.number() }),
      `SELECT COUNT(*) AS late FROM reductions JOIN instruments ON name = instrument
       WHERE state = 'Processing' AND reductions.started_at > paused_at`,
    )
    // What had been decided while the pause waited for its turn started before it.
    expect(at?.late).toBe(0)
    expect(await claim()).toBeUndefined()
  })

  it.each([
    ['instruments/MARI/pause', {}, 400, '“reason”'],
    ['instruments/MARI/pause', { reason: '  ' }, 400, 'a reason is needed'],
    ['instruments/MARI/resume', {}, 400, '“held”'],
    ['instruments/MARI/resume', { held: 'maybe' }, 400, '“held”'],
    ['instruments/MARRI/pause', { reason: 'x' }, 404, 'There is no instrument MARRI. Did you mean MARI?'],
  ])('%s %j is refused in words', async (path, body, status, sentence) => {
    expect(await api.send('POST', path, body)).toMatchObject({
      status,
      json: { detail: expect.stringContaining(sentence) },
    })
  })

  it('is for its scientists and for administrators', async () => {
    await queueRuns(api, { runs: [1] })
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1_920_234] }
    expect(await api.send('POST', 'instruments/MARI/pause', { reason: 'x' })).toMatchObject({
      status: 404,
      json: { detail: 'MARI is not yours to pause or resume. Ask its instrument scientists.' },
    })
    api.state.viewer = { role: 'instrument-scientist', name: 'Ada', instruments: ['MARI'] }
    expect((await decide('instruments/MARI/pause', { reason: 'x' })).pause).toMatchObject({ by: 'Ada' })
    expect((await api.send('POST', 'instruments/HIFI/pause', { reason: 'x' })).status).toBe(404)
    expect((await api.send('POST', 'pause', { reason: 'x' })).status).toBe(403)
  })
})

describe('pausing everything', () => {
  it('holds every instrument, and on resuming those that are paused by themselves stay so', async () => {
    const [mari = 0] = await queueRuns(api, { runs: [1] })
    const [hifi = 0] = await queueRuns(api, { runs: [2], instrument: 'HIFI' })
    await decide('instruments/HIFI/pause', { reason: 'cryostat' })
    const { pause, held } = await decide('pause', { reason: 'the results disk is full' })
    expect(pause).toMatchObject({ scope: 'everything', reason: 'the results disk is full', by: who })
    expect(held).toBe(2)
    expect(await claim()).toBeUndefined()
    expect(await readLine(api.database)).toMatchObject({ lines: [] })
    expect(overviewSchema.strict().parse((await api.get('overview')).json).pause).toEqual(pause)
    expect(await instrument('ENGINX')).toMatchObject({ isPaused: true, pause })
    expect(await instrument('HIFI')).toMatchObject({
      isPaused: true,
      pause: { scope: 'instrument', reason: 'cryostat' },
    })
    expect(await reduction(mari)).toMatchObject({ place: null, held: pause })

    // One instrument alone cannot be let go while everything is paused.
    expect(await decide('instruments/HIFI/resume', { held: 'run' })).toEqual({ pause, held: 1, skipped: 0 })
    await decide('instruments/HIFI/pause', { reason: 'cryostat' })
    expect(await decide('resume', { held: 'skip' })).toEqual({ pause: null, held: 0, skipped: 1 })
    expect(await reduction(mari)).toMatchObject({ state: 'Skipped' })
    expect(await reduction(hifi)).toMatchObject({ state: 'Queued', held: { reason: 'cryostat' } })
    expect(await decide('resume', { held: 'skip' })).toEqual({ pause: null, held: 0, skipped: 0 })
    expect((await events()).map(({ state }) => state)).toEqual([
      'paused',
      'everything-paused',
      'resumed',
      'paused',
      'everything-resumed',
    ])
    await queueRuns(api, { runs: [3] })
    expect((await claim())?.instrument).toBe('MARI')
  })
})

describe('PUT reductions/{id}/class', () => {
  const put = (id: number, to: unknown) => api.send('PUT', `reductions/${id}/class`, { class: to })

  it('moves a queued reduction before or behind others, and says who did', async () => {
    const [bulk = 0] = await queueRuns(api, { runs: [1], class: 'bulk' })
    const [fresh = 0] = await queueRuns(api, { runs: [2] })
    expect(await put(bulk, 'fresh')).toMatchObject({ status: 200, json: { class: 'fresh' } })
    expect(await put(fresh, 'bulk')).toMatchObject({ status: 200 })
    expect(await put(fresh, 'bulk')).toMatchObject({ status: 200, json: { class: 'bulk' } })
    expect(await reduction(bulk)).toMatchObject({ class: 'fresh', place: 1 })
    expect(await reduction(fresh)).toMatchObject({ class: 'bulk', place: 2 })
    expect((await claim())?.reductionId).toBe(bulk)
    const told = await api.database.rows(
      z.object({ who: z.string(), reason: z.string() }),
      `SELECT who, reason FROM change_events WHERE move = 'reclass' ORDER BY id`,
    )
    expect(told).toEqual([
      { who, reason: `${who} moved it from the line “bulk” to “fresh”.` },
      { who, reason: `${who} moved it from the line “fresh” to “bulk”.` },
    ])
  })

  it('is refused once it has started, to users, and for what is no class', async () => {
    const [id = 0] = await queueRuns(api, { runs: [1] })
    expect(await put(id, 'urgent')).toMatchObject({ status: 400, json: { detail: expect.stringContaining('“class”') } })
    expect(await put(99_999, 'bulk')).toMatchObject({ status: 404 })
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1_920_234] }
    expect(await put(id, 'bulk')).toMatchObject({ status: 403 })
    api.state.viewer = everyone
    await claim()
    expect(await put(id, 'bulk')).toMatchObject({
      status: 409,
      json: { detail: 'It runs already: only what stands in line can be moved to another line.' },
    })
  })
})
