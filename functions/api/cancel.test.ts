import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { cancellationSchema, cancellationsSchema } from '#contracts/decisions.ts'
import { claimNext } from '#database/queries/claim-next.ts'
import { reapExpiredLeases, takeBackFromDead } from '#database/queries/lease-expired.ts'
import { beginPublishing, finishReduction, heartBeat, releaseReduction } from '#database/queries/lease-held.ts'
import { beatProcessor } from '#database/queries/processors.ts'
import { cancelStatement } from '#database/queries/reductions-cancel.ts'
import { everyone } from '#contracts/viewer.ts'
import { insertInstruments } from '../../tests/support/seed-archive.ts'
import { planFaults } from '../../tests/support/rows-read.ts'
import { queueRuns } from './a-line.fixture.ts'
import { startApi, type TestApi } from './an-api.fixture.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
  await insertInstruments(api.database, ['ENGINX', 'MARI'])
  await beatProcessor(api.database, {
    id: 'p1',
    host: 'here',
    slots: 50,
    environments: [{ name: 'Python', version: '3' }],
  })
})
afterAll(() => api.close())
afterEach(async () => {
  for (const table of ['reductions', 'reduction_runs', 'runs', 'change_events', 'outputs']) {
    await api.database.change(`DELETE FROM ${table}`)
  }
  api.state.viewer = everyone
})

const claim = async () => {
  const environments = [{ name: 'Python', version: '3' }]
  const claimed = await claimNext(api.database, { processor: 'p1', environments, hasDefaultEnvironment: true })
  if (!claimed) throw new Error('nothing could be claimed')
  return claimed
}
const rowSchema = z.object({
  state: z.string(),
  reason: z.string().nullable(),
  by: z.string().nullable(),
  at: z.date().nullable(),
  finishedAt: z.date().nullable(),
  latest: z.string().nullable(),
})
const rowOf = async (id: number) => {
  const [row] = await api.database.rows(
    rowSchema,
    `SELECT state, reason, cancel_requested_by AS \`by\`, cancel_requested_at AS at, finished_at AS finishedAt,
       (SELECT latest_state FROM runs WHERE latest_reduction_id = reductions.id) AS latest FROM reductions WHERE id = ?`,
    [id],
  )
  return row
}
const events = (id: number) =>
  api.database.rows(
    z.object({ state: z.string(), move: z.string(), who: z.string().nullable() }),
    'SELECT state, move, who FROM change_events WHERE reduction_id = ? ORDER BY id',
    [id],
  )
const cancel = (id: number) => api.send('POST', `reductions/${id}/cancel`)
const who = everyone.name

describe('POST reductions/{id}/cancel', () => {
  it('ends what stands in line at once, and says who did', async () => {
    const [id = 0] = await queueRuns(api, { runs: [1] })
    const { status, json } = await cancel(id)
    expect(status).toBe(200)
    expect(cancellationSchema.strict().parse(json)).toEqual({ id, outcome: 'cancelled' })
    expect(await rowOf(id)).toMatchObject({
      state: 'Cancelled',
      reason: `Cancelled by ${who} before it started.`,
      by: who,
      at: expect.any(Date),
      finishedAt: expect.any(Date),
      latest: 'Cancelled',
    })
    expect((await api.get(`reductions/${id}`)).json).toMatchObject({ state: 'Cancelled', cancelRequestedBy: who })
    expect(await events(id)).toEqual([
      { state: 'Queued', move: 'submit', who: null },
      { state: 'Cancelled', move: 'withdraw', who },
    ])
    // A doubled request does no harm and says the same.
    expect((await cancel(id)).json).toEqual({ id, outcome: 'cancelled' })
    expect(await events(id)).toHaveLength(2)
  })

  it('asks for the end of what runs; its processor hears it with the next heart-beat', async () => {
    const [id = 0] = await queueRuns(api, { runs: [1] })
    const lease = await claim()
    expect(await heartBeat(api.database, lease)).toBe('held')
    expect((await cancel(id)).json).toEqual({ id, outcome: 'cancelling' })
    expect((await cancel(id)).json).toEqual({ id, outcome: 'cancelling' })
    expect(await heartBeat(api.database, lease)).toBe('cancel')
    expect(await rowOf(id)).toMatchObject({ state: 'Processing', by: who })
    expect((await events(id)).slice(2)).toEqual([{ state: 'Processing', move: 'cancel', who }])
  })

  it('refuses what is being published or has ended, with a sentence', async () => {
    const [id = 0] = await queueRuns(api, { runs: [1] })
    const lease = await claim()
    const outcome = { state: 'Completed', reason: null, scriptSeconds: 1, resultsPath: '/r' } as const
    await beginPublishing(api.database, lease, outcome, [])
    expect(await cancel(id)).toMatchObject({
      status: 409,
      json: {
        detail: expect.stringContaining('its results are being put in place, so it cannot be cancelled any more'),
      },
    })
    await finishReduction(api.database, lease, outcome)
    expect(await cancel(id)).toMatchObject({
      status: 409,
      json: { detail: 'It has ended already (Completed), so there is nothing to cancel. Its results stay.' },
    })
    expect(await rowOf(id)).toMatchObject({ state: 'Completed', by: null })
    expect(await cancel(99_999)).toMatchObject({ status: 404, json: { detail: expect.stringContaining('99999') } })
  })

  it.each([
    [
      'is given back by a processor that stops',
      (lease: { reductionId: number; fence: number }) => releaseReduction(api.database, lease),
    ],
    ['loses its processor', () => takeBackFromDead(api.database, ['p1'])],
    [
      'loses its lease',
      async () => {
        await api.database.change('UPDATE reductions SET lease_expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND')
        return reapExpiredLeases(api.database, 0)
      },
    ],
  ])('what was asked for is not forgotten where the reduction %s', async (_how, loseIt) => {
    await beatProcessor(api.database, { id: 'p1', host: 'here', slots: 50, environments: [] })
    const [id = 0] = await queueRuns(api, { runs: [1] })
    const lease = await claim()
    await cancel(id)
    await loseIt(lease)
    expect(await rowOf(id)).toMatchObject({
      state: 'Cancelled',
      reason: `Cancelled by ${who} while it ran. Its processor was lost meanwhile, so nothing that it had written is kept.`,
      finishedAt: expect.any(Date),
      latest: 'Cancelled',
    })
    await beatProcessor(api.database, { id: 'p1', host: 'here', slots: 50, environments: [] })
  })

  it('cancels nothing that the viewer may not see', async () => {
    const [id = 0] = await queueRuns(api, { runs: [1] })
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1_000_001] }
    expect((await cancel(id)).status).toBe(404)
    expect(await rowOf(id)).toMatchObject({ state: 'Queued' })
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1_920_234] }
    expect((await cancel(id)).status).toBe(200)
  })
})

describe('POST cancellations', () => {
  const many = async (body: unknown) => {
    const { status, json } = await api.send('POST', 'cancellations', body)
    expect(status).toBe(200)
    return cancellationsSchema.strict().parse(json)
  }

  it('takes back a mistaken burst of 500 re-runs and leaves fresh data alone', async () => {
    const burst = Array.from({ length: 500 }, (_, place) => place + 1)
    const mistaken = await queueRuns(api, { runs: burst, class: 'bulk', submission: 'burst' })
    const [fresh = 0] = await queueRuns(api, { runs: [1_001] })
    const [other = 0] = await queueRuns(api, { runs: [5], instrument: 'ENGINX', class: 'bulk' })
    const lease = await claim()
    expect(lease.reductionId).toBe(fresh)

    const preview = await many({ submission: 'burst', preview: true })
    expect(preview).toEqual({ cancelled: 500, cancelling: 0, refused: [] })
    expect(await rowOf(mistaken[0] ?? 0)).toMatchObject({ state: 'Queued' })
    expect(await many({ submission: 'burst' })).toEqual(preview)
    const [left] = await api.database.rows(
      z.object({ count: z.number() }),
      `SELECT COUNT(*) AS count FROM reductions WHERE state = 'Cancelled' AND cancel_requested_by = ?`,
      [who],
    )
    expect(left?.count).toBe(500)
    expect(await many({ submission: 'burst' })).toEqual({ cancelled: 0, cancelling: 0, refused: [] })
    expect(await rowOf(other)).toMatchObject({ state: 'Queued' })
    expect(await rowOf(fresh)).toMatchObject({ state: 'Processing' })
  })

  it('takes an instrument’s queued re-runs, and its running ones only where that is said', async () => {
    const [running = 0] = await queueRuns(api, { runs: [1], class: 'rerun' })
    await claim()
    const [fresh = 0, rerun = 0] = [
      ...(await queueRuns(api, { runs: [2] })),
      ...(await queueRuns(api, { runs: [3], class: 'rerun' })),
    ]
    const filter = { instrument: 'mari', class: ['rerun', 'bulk'] }
    expect(await many(filter)).toEqual({ cancelled: 1, cancelling: 0, refused: [] })
    expect([await rowOf(running), await rowOf(fresh), await rowOf(rerun)].map((row) => row?.state)).toEqual([
      'Processing',
      'Queued',
      'Cancelled',
    ])
    expect(await many({ ...filter, state: ['Queued', 'Processing'] })).toEqual({
      cancelled: 0,
      cancelling: 1,
      refused: [],
    })
  })

  it('takes reductions by number, and says which were too late', async () => {
    const ids = await queueRuns(api, { runs: [1, 2] })
    const lease = await claim()
    await finishReduction(api.database, lease, { state: 'Error', reason: 'no', resultsPath: null })
    const done = await many({ reductionIds: ids })
    expect(done).toMatchObject({ cancelled: 1, cancelling: 0 })
    expect(done.refused).toEqual([
      { id: lease.reductionId, reason: expect.stringContaining('has ended already (Error)') },
    ])
  })

  it.each([
    [{}, 'This would cancel everything in line. Say which: “reductionIds”, “submission”, “instrument” or “rbNumber”.'],
    [{ class: ['bulk'] }, 'This would cancel everything in line.'],
    [{ reductionIds: [1], instrument: 'MARI' }, '“reductionIds” says which reductions by itself'],
    [{ instrumnet: 'MARI' }, 'There is no field “instrumnet” here. Did you mean “instrument”?'],
    [{ reductionIds: [] }, '“reductionIds”'],
  ])('refuses %j in words', async (body, sentence) => {
    expect(await api.send('POST', 'cancellations', body)).toMatchObject({
      status: 400,
      json: { detail: expect.stringContaining(sentence) },
    })
  })

  it('finds what it cancels along an index', async () => {
    for (const selection of [
      { states: ['Queued'], instrument: 'MARI' },
      { states: ['Queued', 'Processing'], submission: 'x' },
      { states: ['Queued'], rbNumber: 1_920_234 },
      { reductionIds: [1, 2] },
    ] as const) {
      await queueRuns(api, { runs: [1, 2, 3] })
      const faults = await planFaults(api.database, cancelStatement(selection, everyone))
      // What stands in line is few; it is sorted by number so that two requests lock in one order.
      expect(faults.filter((fault) => !fault.endsWith('is sorted'))).toEqual([])
    }
  })
})
