import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import type { LogLine, LogStore } from '../logs/log-store.ts'
import { isForeign } from './namespaces.ts'
import { onlyBy } from './only-by.ts'

const querySchema = z.object({
  name: z
    .string()
    .min(1, 'the name of a function is missing')
    .regex(/^[a-z0-9][-a-z0-9]*$/, 'name: the name of a function was expected'),
  namespace: z.string().optional(),
  instance: z.string().optional(),
  since: z.iso.datetime({ offset: true, error: 'since: a time such as 2026-11-22T21:56:06Z was expected' }).optional(),
  tail: z.coerce.number({ error: 'tail: a number was expected' }).int().optional(),
  follow: z.enum(['true', 'false', '1', '0', '']).optional(),
})

/** So much may wait for a follower that reads slowly; then it is cut off, and can ask again from where it was. */
const largestBacklog = 4 * 1024 * 1024

/** What functions printed, as lines of JSON; with `follow`, also what they print from now on. */
export function logRoutes(logs: LogStore, isRunning: (name: string) => boolean): Hono {
  const routes = new Hono()
  routes.get('/system/logs', (context) => {
    const given = Object.entries(context.req.query()).filter(([, value]) => value !== '')
    const parsed = querySchema.safeParse({ name: '', ...Object.fromEntries(given) })
    if (!parsed.success) return context.text(parsed.error.issues[0]?.message ?? 'the query is wrong', 422)
    const { name, namespace, instance, since, tail, follow } = parsed.data
    if (isForeign(namespace) || !(isRunning(name) || logs.has(name))) {
      return context.text(`there is no function "${name}" here, and nothing it printed`, 404)
    }
    const isFollowing = follow === 'true' || follow === '1'
    context.header('Content-Type', 'application/x-ndjson')
    return stream(context, async (out) => {
      const query = { instance, tail, since: since === undefined ? undefined : new Date(since) }
      let isGone = false
      out.onAbort(() => {
        isGone = true
      })
      // Read and followed in one turn of the event loop: no line between them is lost or comes twice.
      const kept = logs.read(name, query)
      const following = isFollowing ? followLog(logs, name, instance) : undefined
      out.onAbort(() => following?.end())
      try {
        for (const lines of kept) {
          if (isGone) return
          if (lines.length > 0) await out.write(asText(lines))
          await nextTurn()
        }
        for (;;) {
          const text = await following?.next()
          if (text === undefined) return
          await out.write(text)
        }
      } finally {
        following?.end()
      }
    })
  })
  onlyBy(routes, '/system/logs', ['GET'])
  return routes
}

/** What is printed from now on; `undefined` once it is ended, or when more waits than is kept. */
function followLog(logs: LogStore, name: string, instance: string | undefined) {
  let [waiting, isEnded]: [string, boolean] = ['', false]
  let wake: () => void = () => undefined
  const end = () => {
    isEnded = true
    unfollow()
    wake()
  }
  const unfollow = logs.follow(name, (lines) => {
    waiting += asText(lines.filter((line) => instance === undefined || line.instance === instance))
    if (waiting.length > largestBacklog) end()
    wake()
  })
  return {
    end,
    next: async (): Promise<string | undefined> => {
      while (waiting === '' && !isEnded) await new Promise<void>((resolve) => (wake = resolve))
      if (isEnded) return undefined
      const text = waiting
      waiting = ''
      return text
    },
  }
}

function asText(lines: readonly LogLine[]): string {
  return lines.map((line) => JSON.stringify(line) + '\n').join('')
}
