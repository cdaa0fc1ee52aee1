import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { submissionAnswerSchema, type Outcome, type Software } from '#contracts/submission.ts'
import type { BenchStack } from '../stack/bench-stack.ts'

const count = z.coerce.number()
/** Written by the database's clock, which is this machine's. */
const instantMs = z
  .date()
  .transform((date) => date.getTime())
  .nullable()

/** As a person does: through the gateway and the API. */
export const submitRuns = (
  { url }: BenchStack,
  instrument: string,
  runs: string,
  software?: Software,
): Promise<readonly Outcome[]> => post(`${url}/api/v1/submissions`, { instrument, runs, software }, {})

/** As detection does. */
export const submitDetected = (
  { url, internalKey }: BenchStack,
  instrument: string,
  runs: readonly number[],
): Promise<readonly Outcome[]> =>
  post(`${url}/function/submit`, { origin: 'detection', instrument, runs }, { authorization: `Bearer ${internalKey}` })

const post = async (url: string, body: unknown, headers: Record<string, string>): Promise<readonly Outcome[]> => {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
  const { outcomes } = submissionAnswerSchema.parse(JSON.parse(text))
  const odd = outcomes.find(({ outcome }) => outcome !== 'queued')
  if (odd) throw new Error(`a run was not queued: ${JSON.stringify(odd)}`)
  return outcomes
}

export const newestReduction = async ({ database }: BenchStack): Promise<number> => {
  const [row] = await database.rows(z.object({ id: count }), 'SELECT COALESCE(MAX(id), 0) AS id FROM reductions')
  return row?.id ?? 0
}

const finishedSchema = z.object({
  state: z.string(),
  reason: z.string().nullable(),
  instrument: z.string(),
  startedAt: instantMs,
  finishedAt: instantMs,
  scriptSeconds: z.number().nullable(),
})
type FinishedReduction = z.infer<typeof finishedSchema>

/** Waits until so many reductions newer than `since` have ended, and gives them. @throws where one is not Completed, or in the end */
export const untilCompleted = async (
  stack: BenchStack,
  since: number,
  wanted: number,
  options: { readonly everyMs: number; readonly withinMs: number },
): Promise<readonly FinishedReduction[]> => {
  const ended = await waitForEnds(stack, since, wanted, options)
  if (ended < wanted) throw new Error(`only ${ended} of ${wanted} reductions ended in time`)
  return completedSince(stack, since)
}

/** Those that ended within the time; the others are taken out of the line. */
export const completedWithin = async (
  stack: BenchStack,
  since: number,
  wanted: number,
  withinMs: number,
): Promise<readonly FinishedReduction[]> => {
  await waitForEnds(stack, since, wanted, { everyMs: 200, withinMs })
  const ended = await completedSince(stack, since)
  await emptyLine(stack)
  return ended
}

/** Takes what waits out of the line and lets what runs end. */
export const emptyLine = async ({ database }: BenchStack): Promise<void> => {
  await database.change(`UPDATE reductions SET state = 'Cancelled', finished_at = queued_at WHERE state = 'Queued'`)
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const [row] = await database.rows(
      z.object({ running: count }),
      `SELECT COUNT(*) AS running FROM reductions WHERE state = 'Processing'`,
    )
    if (row?.running === 0) return
    await wait(100)
  }
}

const waitForEnds = async (
  { database }: BenchStack,
  since: number,
  wanted: number,
  { everyMs, withinMs }: { readonly everyMs: number; readonly withinMs: number },
): Promise<number> => {
  const deadline = performance.now() + withinMs
  for (;;) {
    const [row] = await database.rows(
      z.object({ ended: count }),
      `SELECT COUNT(*) AS ended FROM reductions WHERE id > ? AND state NOT IN ('Queued', 'Processing')`,
      [since],
    )
    const ended = row?.ended ?? 0
    if (ended >= wanted || performance.now() > deadline) return ended
    await wait(everyMs)
  }
}

const completedSince = async ({ database }: BenchStack, since: number): Promise<readonly FinishedReduction[]> => {
  const all = await database.rows(
    finishedSchema,
    `SELECT state, reason, instrument, started_at AS startedAt, finished_at AS finishedAt, script_seconds AS scriptSeconds
     FROM reductions WHERE id > ? AND state NOT IN ('Queued', 'Processing') ORDER BY id`,
    [since],
  )
  const odd = all.find(({ state }) => state !== 'Completed')
  if (odd) throw new Error(`a reduction became ${odd.state}: ${odd.reason}`)
  return all
}
