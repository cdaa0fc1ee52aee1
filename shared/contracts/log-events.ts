import { z } from 'zod'
import { reductionStates } from '#domain/reduction-states.ts'

/** Events of `GET reductions/{id}/log/stream`. Offsets count the bytes printed; `attempt` tells one log from that of a processor that began anew. */
export const logTextSchema = z.object({
  attempt: z.number().int(),
  offset: z.number().int(),
  next: z.number().int(),
  /** Without codes for terminals; a carriage return begins the line anew. */
  text: z.string(),
})
/** `cut`: the service has not kept these bytes. */
export const logCutSchema = z.object({
  attempt: z.number().int(),
  offset: z.number().int(),
  next: z.number().int(),
  cutBytes: z.number().int(),
})
/** `restart`: what came until now was another attempt's. */
export const logRestartSchema = z.object({ attempt: z.number().int() })
/** `trouble`: why the log cannot be read now; null: it can again. */
export const logTroubleSchema = z.object({ detail: z.string().nullable() })
/** `end`: no more will come. */
export const logEndSchema = z.object({
  state: z.enum(reductionStates).nullable(),
  reason: z.string().nullable(),
  sizeBytes: z.number().int(),
})
/** All of them, by the names of the events. */
export const logEventSchema = z.union([logTextSchema, logCutSchema, logRestartSchema, logTroubleSchema, logEndSchema])
