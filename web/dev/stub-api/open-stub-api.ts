import { Hono } from 'hono'
import type { World } from '../world.ts'
import { addConfigurations } from './configurations.ts'
import { addDecisions } from './decisions.ts'
import { addEvents } from './events.ts'
import { addInstruments } from './instruments.ts'
import { addLogs } from './logs.ts'
import { addReductions } from './reductions.ts'
import { addSubmissions } from './submissions.ts'
import { makeStub } from './the-stub.ts'

/** An API in memory for developing pages and testing them. Its answers are parsed by the contracts, so that it cannot drift from them. */
export const openStubApi = (world: World) => {
  const app = new Hono()
  const stub = makeStub(world)
  const { emit, problem, troubles, calls, cuts } = stub

  app.use(async (context, next) => {
    const path = context.req.path.replace(/^\//, '')
    const body: unknown =
      context.req.method === 'POST' || context.req.method === 'PUT'
        ? await context.req.json().catch(() => undefined)
        : undefined
    calls.push({ method: context.req.method, path, body, key: context.req.header('idempotency-key') })
    await troubles.held.get(path)
    if (troubles.isDown) return problem(context, 502, 'The service is being started. Try again in a minute.')
    const trouble = troubles.problems.get(path)
    if (trouble) return problem(context, trouble.status, trouble.detail)
    return next()
  })
  for (const add of [
    addInstruments,
    addReductions,
    addLogs,
    addConfigurations,
    addSubmissions,
    addDecisions,
    addEvents,
  ]) {
    add(app, stub)
  }
  return { app, world, emit, troubles, calls, cutEvents: () => cuts.forEach((cut) => cut()) }
}
export type StubApi = ReturnType<typeof openStubApi>
