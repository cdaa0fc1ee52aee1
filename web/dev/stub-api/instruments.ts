import type { Hono } from 'hono'
import {
  batchesSchema,
  cursorSchema,
  detectionsSchema,
  instrumentsSchema,
  overviewSchema,
  runsSchema,
} from '#contracts/api.ts'
import { noticeResolutionSchema, noticesSchema } from '#contracts/notices.ts'
import { describeRuns } from '#domain/run-ranges.ts'
import type { Stub } from './the-stub.ts'

/** Instruments and lists: runs, batches, waiting runs, notices. */
export const addInstruments = (app: Hono, stub: Stub): void => {
  const { world, emit, problem, batches, batchesOf, runsNewestFirst } = stub
  app.get('/instruments', (context) => {
    const all = [...world.reductions.values()]
    const items = [...world.instruments.values()].map((instrument) => {
      const own = all.filter((reduction) => reduction.instrument === instrument.name)
      const pause = instrument.pause ?? world.pause
      return {
        ...instrument,
        isPaused: pause !== null,
        pausedReason: pause?.reason ?? null,
        pause,
        latestRun: runsNewestFirst().find((run) => run.instrument === instrument.name) ?? null,
        queued: own.filter((reduction) => reduction.state === 'Queued').length,
        processing: own.filter((reduction) => reduction.state === 'Processing').length,
        waiting: [...world.detections.values()].filter(
          (detection) => detection.instrument === instrument.name && detection.state === 'waiting',
        ).length,
      }
    })
    return context.json(instrumentsSchema.parse({ items }))
  })
  app.get('/overview', (context) => {
    const count = (state: string): number =>
      [...world.reductions.values()].filter((reduction) => reduction.state === state).length
    const line = (kind: string): number =>
      [...world.reductions.values()].filter((reduction) => reduction.state === 'Queued' && reduction.class === kind)
        .length
    return context.json(
      overviewSchema.parse({
        pause: world.pause,
        line: { fresh: line('fresh'), rerun: line('rerun'), bulk: line('bulk') },
        processing: count('Processing'),
        slots: 4,
        failures: count('Error'),
        lastDay: {
          completed: count('Completed'),
          error: count('Error'),
          skipped: count('Skipped'),
          cancelled: count('Cancelled'),
          medianSeconds: world.reductions.size === 0 ? null : 41,
        },
      }),
    )
  })
  app.get('/runs', (context) => {
    const { instrument, run, rb, state, title, limit, cursor } = context.req.query()
    const found = runsNewestFirst().filter(
      (candidate) =>
        (!instrument || candidate.instrument === instrument) &&
        (!run || candidate.runNumber === Number(run)) &&
        (!rb || candidate.rbNumber === Number(rb)) &&
        (!state || candidate.latest?.state === state) &&
        (!title || (candidate.title ?? '').toLowerCase().includes(title.toLowerCase())),
    )
    const from = cursor ? Number(cursor) : 0
    const size = Number(limit ?? 50)
    const next = from + size < found.length ? String(from + size) : null
    const items = found.slice(from, from + size).map((item) => {
      const own = batchesOf(item.instrument, item.runNumber)
      return { ...item, batches: own[0] ? { count: own.length, newestId: own[0].id } : null }
    })
    return context.json(runsSchema.parse({ items, next }))
  })
  app.put('/instruments/:name/cursor', async (context) => {
    const instrument = world.instruments.get(context.req.param('name'))
    const { lastRun } = cursorSchema.parse(await context.req.json())
    if (!instrument) return problem(context, 404, 'There is no such instrument.')
    world.instruments.set(instrument.name, { ...instrument, lastRun })
    emit({
      kind: 'instrument',
      instrument: instrument.name,
      runNumber: null,
      reductionId: null,
      state: 'cursor-set',
      reason: null,
    })
    return context.body(null, 204)
  })
  app.get('/batches', (context) => {
    const items = batches(context.req.query('instrument') ?? '').map((batch) => ({
      ...batch,
      runs: describeRuns(batch.batchRuns ?? []),
    }))
    return context.json(batchesSchema.parse({ items, next: null }))
  })
  app.get('/detections', (context) => {
    const { state } = context.req.query()
    const items = [...world.detections.values()].filter(
      (detection) => !state || state.split(',').includes(detection.state),
    )
    return context.json(detectionsSchema.parse({ items, next: null }))
  })
  app.post('/detections/:id/:action{dismiss|retry}', (context) => {
    const detection = world.detections.get(Number(context.req.param('id')))
    if (!detection) return problem(context, 404, 'There is no such waiting run.')
    const state = context.req.param('action') === 'dismiss' ? 'dismissed' : 'due'
    world.detections.set(detection.id, {
      ...detection,
      state,
      nextTryAt: state === 'due' ? new Date().toISOString() : null,
    })
    emit({
      kind: 'detection',
      instrument: detection.instrument,
      runNumber: detection.runNumber,
      reductionId: null,
      state,
      reason: null,
    })
    return context.body(null, 204)
  })
  app.get('/notices', (context) =>
    context.json(
      noticesSchema.parse({ items: [...world.notices.values()].filter((notice) => notice.resolvedAt === null) }),
    ),
  )
  app.post('/notices/:id/resolve', async (context) => {
    const notice = world.notices.get(Number(context.req.param('id')))
    const { choice } = noticeResolutionSchema.parse(await context.req.json())
    if (!notice || !notice.choices.includes(choice)) return problem(context, 409, 'This notice cannot be answered so.')
    world.notices.set(notice.id, { ...notice, resolvedAt: new Date().toISOString(), resolution: choice })
    emit({
      kind: 'notice',
      instrument: notice.instrument,
      runNumber: null,
      reductionId: null,
      state: 'resolved',
      reason: null,
    })
    return context.body(null, 204)
  })
}
