import type { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { logEndSchema, logTextSchema } from '#contracts/log-events.ts'
import { readableLog } from '#domain/readable-log.ts'
import type { Stub } from './the-stub.ts'

/** The text that a script printed, at once and as a stream. */
export const addLogs = (app: Hono, stub: Stub): void => {
  const { world, problem, troubles, cuts } = stub
  app.get('/reductions/:id/log', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    const bytes = Buffer.from(reduction.log)
    const asked = Number(context.req.query('offset') ?? 0)
    const offset = Math.min(bytes.length, asked < 0 ? Math.max(0, bytes.length + asked) : asked)
    return context.body(Uint8Array.from(bytes.subarray(offset)), 200, {
      'content-type': 'text/plain; charset=utf-8',
      'x-log-attempt': '1',
      'x-log-size': String(bytes.length),
      'x-log-offset': String(offset),
      'x-log-next': String(bytes.length),
      'x-log-complete': String(reduction.state !== 'Queued' && reduction.state !== 'Processing'),
    })
  })
  app.get('/reductions/:id/log/stream', (context) => {
    const id = Number(context.req.param('id'))
    if (troubles.hasNoLogStream) return problem(context, 404, 'There are no streams here.')
    if (!world.reductions.has(id)) return problem(context, 404, 'There is no such reduction.')
    return streamSSE(context, async (stream) => {
      const seen = context.req.header('last-event-id')?.split('.')[1]
      const asked = Number(seen ?? context.req.query('from') ?? 0)
      const lengthNow = Buffer.from(world.reductions.get(id)?.log ?? '').length
      let offset = asked < 0 ? Math.max(0, lengthNow + asked) : asked
      const isGone = { is: false }
      const cut = (): void => {
        isGone.is = true
      }
      cuts.add(cut)
      stream.onAbort(cut)
      while (!isGone.is) {
        const reduction = world.reductions.get(id)
        const bytes = Buffer.from(reduction?.log ?? '').subarray(offset)
        const isEnd = reduction?.state !== 'Queued' && reduction?.state !== 'Processing'
        const { text, usedBytes } = readableLog(bytes, isEnd)
        const next = offset + usedBytes
        if (text !== '') {
          const data = JSON.stringify(logTextSchema.parse({ attempt: 1, offset, next, text }))
          await stream.writeSSE({ event: 'log', id: `1.${next}`, data })
        }
        offset = next
        if (isEnd) {
          const end = { state: reduction?.state ?? null, reason: reduction?.reason ?? null, sizeBytes: offset }
          await stream.writeSSE({ event: 'end', id: `1.${offset}`, data: JSON.stringify(logEndSchema.parse(end)) })
          break
        }
        await stream.sleep(30)
      }
      cuts.delete(cut)
    })
  })
}
