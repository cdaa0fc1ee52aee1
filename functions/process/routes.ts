import { Hono } from 'hono'
import { carriesInternalKey } from '#function-server/internal-key.ts'
import { problem } from '#function-server/problem.ts'
import { answerBell } from './answer-bell.ts'
import type { Processor } from './processor.ts'
import { readVariables, readVariablesRequestSchema } from './read-variables.ts'
import type { Slots } from './slots.ts'

/** More at a time would only make each slower; the caller tries again. */
const readersAtOnce = 4

/**
 * `POST /` is a bell: its body decides nothing, and what is claimed is run to its end whether or not the caller waits.
 * `POST /read-variables` is for our own functions only.
 */
export const createRoutes = (processor: Processor, slots: Slots, internalKey: () => string): Hono => {
  const routes = new Hono()
  let readers = 0

  routes.post('/', async () => {
    const answer = await answerBell(processor, slots)
    return answer ? Response.json(answer) : problem(429, 'Busy', 'Every slot of this processor is taken.')
  })

  routes.post('/read-variables', async (context) => {
    if (!carriesInternalKey(context.req.header('authorization'), internalKey())) {
      return problem(401, 'Not allowed', 'This is for the service’s own functions, which carry its internal key.')
    }
    const request = readVariablesRequestSchema.safeParse(await context.req.json().catch(() => undefined))
    if (!request.success) return problem(400, 'Not understood', 'Expected {"scriptSha256": "<64 hexadecimal digits>"}.')
    if (readers >= readersAtOnce) return problem(429, 'Busy', 'Too many scripts are being read at once.')
    readers += 1
    try {
      const answer = await readVariables(processor, request.data)
      switch (answer.kind) {
        case 'read':
          return Response.json(answer.read)
        case 'unknown-script':
          return problem(404, 'Not found', 'There is no script with this hash.')
        case 'impossible':
          return problem(503, 'Not possible here', answer.reason)
      }
    } finally {
      readers -= 1
    }
  })
  return routes
}
