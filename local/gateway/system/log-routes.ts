import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { z } from 'zod'
import type { LogLine, LogStore } from '../logs/log-store.ts'

const querySchema = z.object({
  name: z.string().min(1, 'the name of a function is missing'),
  instance: z.string().optional(),
  since: z.iso.datetime({ offset: true, error: 'since: a time such as 2026-11-22T21:56:06Z was expected' }).optional(),
  tail: z.coerce.number({ error: 'tail: a number was expected' }).int().optional(),
  follow: z.enum(['true', 'false', '1', '0', '']).optional(),
})

/** What functions printed, as lines of JSON; with `follow`, also what they print from now on. */
export function logRoutes(logs: LogStore): Hono {
  const routes = new Hono()
  routes.get('/system/logs', (context) => {
    const given = Object.entries(context.req.query()).filter(([, value]) => value !== '')
    const parsed = querySchema.safeParse({ name: '', ...Object.fromEntries(given) })
    if (!parsed.success) return context.text(parsed.error.issues[0]?.message ?? 'the query is wrong', 422)
    const { name, instance, since, tail, follow } = parsed.data
    const isFollowing = follow === 'true' || follow === '1'
    context.header('Content-Type', 'application/x-ndjson')
    return stream(context, async (out) => {
      const query = { instance, tail, since: since === undefined ? undefined : new Date(since) }
      let [writing, gone]: [Promise<unknown>, () => void] = [Promise.resolve(), () => undefined]
      const write = (lines: readonly LogLine[]) => {
        const text = lines.map((line) => JSON.stringify(line) + '\n').join('')
        if (text !== '') writing = writing.then(() => out.write(text))
      }
      const end = new Promise<void>((resolve) => (gone = resolve))
      out.onAbort(gone)
      // Read and followed in one turn of the event loop: no line between them is lost or comes twice.
      write(logs.read(name, query))
      if (!isFollowing) return void (await writing)
      const unfollow = logs.follow(name, (lines) =>
        write(lines.filter((line) => instance === undefined || line.instance === instance)),
      )
      await end
      unfollow()
    })
  })
  return routes
}
