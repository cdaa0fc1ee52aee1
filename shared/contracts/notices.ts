import { z } from 'zod'
import { noticeChoices } from '#domain/counter-notices.ts'
import { time } from './time.ts'

export const noticeKinds = [
  'lastrun-problem',
  'results-problem',
  'counter-stepped-back',
  'gap-too-large',
  'script-problem',
  'configured-variables',
  'service',
] as const

/** The `detail` of a notice about a counter: where the cursor stood and what lastrun.txt said. */
export const counterDetailSchema = z.object({ cursor: z.number().int(), lastRun: z.number().int() })

/** Kinds that need a person's decision carry `choices`; the others end by themselves when their cause does. */
export const noticeSchema = z.object({
  id: z.number().int(),
  instrument: z.string().nullable(),
  kind: z.enum(noticeKinds),
  message: z.string(),
  /** For a counter that stepped back or jumped: {@link counterDetailSchema}. */
  detail: z.record(z.string(), z.unknown()),
  choices: z.array(z.enum(noticeChoices)),
  raisedAt: time,
  lastSeenAt: time,
  resolvedAt: time.nullable(),
  resolution: z.string().nullable(),
})
export type Notice = z.infer<typeof noticeSchema>
export const noticesSchema = z.object({ items: z.array(noticeSchema) })
export const noticeResolutionSchema = z.object({ choice: z.enum(noticeChoices) })
