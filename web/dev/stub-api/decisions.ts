import type { Hono } from 'hono'
import {
  cancellationSchema,
  cancellationsRequestSchema,
  cancellationsSchema,
  classSchema,
  pauseRequestSchema,
  pauseStandingSchema,
  resumeRequestSchema,
  type Pause,
} from '#contracts/decisions.ts'
import { decideCancel } from '#domain/cancelling.ts'
import type { StoredReduction } from '../world.ts'
import type { Stub } from './the-stub.ts'

/** Cancel, class, pause and resume. */
export const addDecisions = (app: Hono, stub: Stub): void => {
  const { world, emit, problem, change } = stub
  const cancelOne = (reduction: StoredReduction, isPreview = false) => {
    const decision = decideCancel({ ...reduction, isPublishing: false })
    if (isPreview) return decision
    const cancelRequestedBy = 'anyone on this machine'
    if (decision.do === 'withdraw')
      change(reduction, {
        state: 'Cancelled',
        cancelRequestedBy,
        reason: `Cancelled by ${cancelRequestedBy} before it started.`,
      })
    if (decision.do === 'ask') change(reduction, { cancelRequestedBy })
    return decision
  }
  app.post('/reductions/:id/cancel', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    const decision = cancelOne(reduction)
    if (decision.do === 'refuse') return problem(context, 409, decision.reason)
    const outcome = decision.do === 'withdraw' ? 'cancelled' : 'cancelling'
    return context.json(cancellationSchema.parse({ id: reduction.id, outcome }))
  })
  app.post('/cancellations', async (context) => {
    const asked = cancellationsRequestSchema.parse(await context.req.json())
    const states = asked.state ?? ['Queued']
    const found = [...world.reductions.values()].filter((reduction) =>
      asked.reductionIds
        ? asked.reductionIds.includes(reduction.id)
        : states.some((state) => state === reduction.state) &&
          (!asked.instrument || reduction.instrument === asked.instrument) &&
          (!asked.submission || reduction.submission === asked.submission) &&
          (!asked.class || asked.class.includes(reduction.class)),
    )
    const decisions = found.map((reduction) => ({ id: reduction.id, decision: cancelOne(reduction, asked.preview) }))
    const count = (what: string): number => decisions.filter(({ decision }) => decision.do === what).length
    const refused = decisions.flatMap(({ id, decision }) =>
      decision.do === 'refuse' ? [{ id, reason: decision.reason }] : [],
    )
    return context.json(cancellationsSchema.parse({ cancelled: count('withdraw'), cancelling: count('ask'), refused }))
  })
  app.put('/reductions/:id/class', async (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    const to = classSchema.parse(await context.req.json())
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    change(reduction, to)
    return context.json(to)
  })
  const standing = (pause: Pause | null, skipped = 0) => {
    const held = [...world.reductions.values()].filter(({ state }) => state === 'Queued').length
    return pauseStandingSchema.parse({ pause, held: pause ? held : 0, skipped })
  }
  const pauseOf = (scope: Pause['scope'], reason: string): Pause => ({
    scope,
    reason,
    by: 'anyone on this machine',
    at: new Date().toISOString(),
  })
  const skipHeld = (instrument: string | undefined): number => {
    const held = [...world.reductions.values()].filter(
      (one) => one.state === 'Queued' && (instrument === undefined || one.instrument === instrument),
    )
    for (const one of held)
      change(one, { state: 'Skipped', reason: 'Held while paused; somebody chose to skip what was held.' })
    return held.length
  }
  const tellInstrument = (instrument: string | null, state: string): void =>
    emit({ kind: 'instrument', instrument, runNumber: null, reductionId: null, state, reason: null })
  app.post('/instruments/:name/pause', async (context) => {
    const instrument = world.instruments.get(context.req.param('name'))
    const { reason } = pauseRequestSchema.parse(await context.req.json())
    if (!instrument) return problem(context, 404, 'There is no such instrument.')
    const pause = pauseOf('instrument', reason)
    world.instruments.set(instrument.name, { ...instrument, pause })
    tellInstrument(instrument.name, 'paused')
    return context.json(standing(pause))
  })
  app.post('/instruments/:name/resume', async (context) => {
    const instrument = world.instruments.get(context.req.param('name'))
    const { held } = resumeRequestSchema.parse(await context.req.json())
    if (!instrument) return problem(context, 404, 'There is no such instrument.')
    world.instruments.set(instrument.name, { ...instrument, pause: null })
    const skipped = held === 'skip' ? skipHeld(instrument.name) : 0
    tellInstrument(instrument.name, 'resumed')
    return context.json(standing(null, skipped))
  })
  app.post('/pause', async (context) => {
    world.pause = pauseOf('everything', pauseRequestSchema.parse(await context.req.json()).reason)
    tellInstrument(null, 'everything-paused')
    return context.json(standing(world.pause))
  })
  app.post('/resume', async (context) => {
    const { held } = resumeRequestSchema.parse(await context.req.json())
    world.pause = null
    tellInstrument(null, 'everything-resumed')
    return context.json(standing(null, held === 'skip' ? skipHeld(undefined) : 0))
  })
}
