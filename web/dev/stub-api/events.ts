import type { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { helloEventSchema, type ChangeEvent } from '#contracts/change-events.ts'
import type { Stub } from './the-stub.ts'

/** The event stream: what has happened since the page listened, and what happens. */
export const addEvents = (app: Hono, stub: Stub): void => {
  const { problem, troubles, cuts, events, listeners } = stub
  app.get('/events', (context) => {
    if (troubles.hasNoEvents) return problem(context, 404, 'There are no events here.')
    return streamSSE(context, async (stream) => {
      const after = Number(context.req.header('last-event-id') ?? events.length)
      const send = (event: ChangeEvent): Promise<void> =>
        stream.writeSSE({ event: event.kind, id: String(event.id), data: JSON.stringify(event) })
      const hello = helloEventSchema.parse({ newest: events.length, missed: false })
      await stream.writeSSE({ event: 'hello', id: String(after), data: JSON.stringify(hello) })
      for (const event of events.filter((candidate) => candidate.id > after)) await send(event)
      const listener = (event: ChangeEvent): void => void send(event)
      listeners.add(listener)
      const cut = Promise.withResolvers<undefined>()
      const end = (): void => cut.resolve(undefined)
      cuts.add(end)
      stream.onAbort(end)
      await cut.promise
      listeners.delete(listener)
      cuts.delete(end)
    })
  })
}
