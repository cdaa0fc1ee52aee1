import { createRoute } from '@hono/zod-openapi'
import { changeEventSchema } from '#contracts/change-events.ts'
import type { ApiParts } from '../api-parts.ts'
import { openEventStream } from '../event-stream.ts'
import { bytesOf, type Api } from '../make-app.ts'
import { queryOf, wholeNumberParameter } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'

/** One process holds no more streams: each costs a connection here and in every proxy before it. */
const mostStreams = 1_000

const eventsRoute = createRoute({
  method: 'get',
  path: '/v1/events',
  summary: 'Changes as they happen, as server-sent events',
  description:
    'Each event is named by its `kind` (`reduction`, `detection`, `notice`, `instrument`) and carries its id; the first is `hello` with `{newest, missed}`. Whoever connects again with `Last-Event-ID` (or `after`) gets what came meanwhile; where that is too much, `missed` is true: load anew. A comment comes every 15 s.',
  request: {
    query: queryOf({
      after: wholeNumberParameter('after', 0, Number.MAX_SAFE_INTEGER, 'The id seen last, where no header can be set.'),
    }),
  },
  responses: {
    200: { description: 'The stream.', ...bytesOf('text/event-stream', changeEventSchema) },
    400: refusals[400],
    503: refusals[503],
  },
})

export const addEventRoutes = (app: Api, { feed, viewerOf, log }: ApiParts): void => {
  app.openapi(eventsRoute, async (context) => {
    const header = context.req.header('last-event-id')?.trim()
    if (header !== undefined && header !== '' && !/^[0-9]{1,15}$/.test(header)) {
      return refuse(context, 400, `Last-Event-ID must be the id of an event; “${header}” is none.`)
    }
    if (feed.closed.aborted || feed.listeners() >= mostStreams) {
      return refuse(context, 503, 'No more live views can be served at the moment. Try again in a minute.')
    }
    const { after } = context.req.valid('query')
    const lastSeen = header === undefined || header === '' ? after : Number(header)
    const headers = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies of the nginx kind hold back what they may.
      'x-accel-buffering': 'no',
    }
    if (context.req.method === 'HEAD') return context.body(null, 200, headers)
    return context.body(await openEventStream(feed, viewerOf(context), lastSeen, log), 200, headers)
  })
}
