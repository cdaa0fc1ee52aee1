import { ecsFormat } from '@elastic/ecs-pino-format'
import { pino } from 'pino'

/** What a module needs to say something. Fields are ECS names where ECS has one; no secret and no whole script ever. */
export type Log = {
  readonly info: (fields: object, message: string) => void
  readonly warn: (fields: object, message: string) => void
  readonly error: (fields: object, message: string) => void
}

/** Lines of ECS JSON on standard output; `LOG_LEVEL` chooses how many. */
export const openLog = (functionName: string, level = process.env['LOG_LEVEL'] ?? 'info'): Log =>
  pino({ ...ecsFormat({ serviceName: functionName }), level })

/** An error as fields of a log line, its causes included. */
export const faultFields = (fault: unknown): object => {
  if (!(fault instanceof Error)) return { error: { message: String(fault) } }
  const causes: string[] = []
  for (let cause = fault.cause; cause instanceof Error && causes.length < 5; cause = cause.cause)
    causes.push(cause.message)
  return { error: { type: fault.name, message: fault.message, stack_trace: fault.stack, causes } }
}
