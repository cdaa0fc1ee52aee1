import { Hono } from 'hono'
import { submitRequestSchema } from '#contracts/submission.ts'
import type { Database } from '#database/connection.ts'
import { carriesInternalKey } from '#function-server/internal-key.ts'
import type { Log } from '#function-server/log.ts'
import { problem } from '#function-server/problem.ts'
import { answerSubmission, type FindScript } from './answer-submission.ts'
import type { Looking } from './submit-runs.ts'

export type SubmitParts = {
  readonly database: Database
  readonly looking: Looking & { readonly findScript: FindScript }
  readonly internalKey: () => string
  /** Asked after something was queued; nothing waits for it. */
  readonly ringForWork: () => void
  readonly log: Log
}

const titles = { 400: 'Not understood', 404: 'Not found', 409: 'Key used before' } as const

/** `POST /`: submits runs. Needs the internal key; people and scripts come through the API, which knows who they are. */
export const submitRoutes = (parts: SubmitParts): Hono =>
  new Hono().post('/', async (context) => {
    if (!carriesInternalKey(context.req.header('authorization'), parts.internalKey())) {
      return problem(
        401,
        'Who asks?',
        'This function needs the internal key. Submit runs through POST /api/v1/submissions.',
      )
    }
    const body: unknown = await context.req.json().catch(() => undefined)
    const request = submitRequestSchema.safeParse(body)
    if (!request.success) {
      const [issue] = request.error.issues
      return problem(
        400,
        'Not understood',
        `${issue?.path.join('.') || 'The body'}: ${issue?.message ?? 'is not JSON'}.`,
      )
    }
    const key = context.req.header('idempotency-key')
    if (key !== undefined && !/^[\x21-\x7e]{1,128}$/.test(key)) {
      return problem(400, 'Not understood', 'The Idempotency-Key must be 1 to 128 visible ASCII characters.')
    }
    const answer = await answerSubmission(parts.database, parts.looking, request.data, key)
    if (answer.kind === 'refused') return problem(answer.status, titles[answer.status], answer.detail)

    const counts: Record<string, number> = {}
    for (const { outcome } of answer.outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
    parts.log.info(
      {
        event: { action: 'submitted' },
        labels: { instrument: request.data.instrument, origin: request.data.origin, ...counts },
      },
      `${request.data.instrument}: ${Object.entries(counts)
        .map(([outcome, count]) => `${count} ${outcome}`)
        .join(', ')}`,
    )
    if (counts['queued']) parts.ringForWork()
    return context.json({ outcomes: answer.outcomes, submission: answer.submission })
  })
