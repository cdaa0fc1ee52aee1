import type { z } from 'zod'
import { problemSchema } from '#contracts/api.ts'
import { submissionAnswerSchema, type SubmitRequest } from '#contracts/submission.ts'
import { FunctionUnreachable, type FunctionAnswer } from '#function-server/call-function.ts'
import { faultFields } from '#function-server/log.ts'
import type { ApiParts } from './api-parts.ts'

/** Looking for a thousand new files takes its time; a re-run does not look. */
const submitMs = 100_000

export type HandedOn =
  | { readonly kind: 'answered'; readonly answer: z.infer<typeof submissionAnswerSchema> }
  | { readonly kind: 'refused'; readonly status: 400 | 404 | 409 | 503; readonly detail: string }

const outOfReach: HandedOn = {
  kind: 'refused',
  status: 503,
  detail:
    'The part of the service that takes submissions is out of reach. Try again in a minute; with an Idempotency-Key nothing can be submitted twice.',
}

const refusalIn = (answer: FunctionAnswer): string | undefined => {
  try {
    const problem = problemSchema.safeParse(JSON.parse(answer.body))
    return problem.success ? problem.data.detail : undefined
  } catch {
    return undefined
  }
}

/** Hands a request on to the function `submit`, and its answer back. */
export const handToSubmit = async (
  { callFunction, log }: Pick<ApiParts, 'callFunction' | 'log'>,
  request: SubmitRequest,
  idempotencyKey: string | undefined,
): Promise<HandedOn> => {
  let answer: FunctionAnswer
  try {
    const headers: Record<string, string> = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
    answer = await callFunction('submit', request, { timeoutMs: submitMs, headers })
  } catch (fault) {
    if (!(fault instanceof FunctionUnreachable)) throw fault
    log.warn(faultFields(fault), 'a submission could not be handed on')
    return outOfReach
  }
  if (answer.status === 200) {
    return { kind: 'answered', answer: submissionAnswerSchema.parse(JSON.parse(answer.body)) }
  }
  const detail = refusalIn(answer)
  if (detail !== undefined && (answer.status === 400 || answer.status === 404 || answer.status === 409)) {
    return { kind: 'refused', status: answer.status, detail }
  }
  log.warn({ http: { response: { status_code: answer.status } } }, 'submit answered with an error')
  return outOfReach
}
