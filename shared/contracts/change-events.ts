import { z } from 'zod'
import { time } from './time.ts'

/** One change, as `GET /api/v1/events` sends it (server-sent event named by `kind`, its id the row's id). */
export const changeEventSchema = z.object({
  id: z.number().int(),
  kind: z.enum(['reduction', 'detection', 'notice', 'instrument']),
  at: time,
  instrument: z.string().nullable(),
  runNumber: z.number().int().nullable(),
  reductionId: z.number().int().nullable(),
  /** The new state, in the kind's own words. */
  state: z.string(),
  reason: z.string().nullable(),
  /** The person who decided it; null where the service did. */
  who: z.string().nullable().optional(),
})
export type ChangeEvent = z.infer<typeof changeEventSchema>

/** The first event of a stream, named `hello`: where it goes on from. `missed`: changes lie between that cannot be sent any more; load anew. */
export const helloEventSchema = z.object({ newest: z.number().int(), missed: z.boolean() })
