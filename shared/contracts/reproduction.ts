import { z } from 'zod'
import { differenceSchema } from './reproduces.ts'
import { softwareSchema } from './submission.ts'

/** Answer to `GET /api/v1/reductions/{id}/reproduction`: what repeating it exactly would hold fixed. Nothing is recorded. */
export const reproductionSchema = z.object({
  reductionId: z.number().int(),
  version: z.number().int(),
  /** Why it cannot be repeated, in words; null where it can. */
  refusal: z.string().nullable(),
  /** What would be exactly as it was. */
  held: z.array(z.object({ what: z.string(), value: z.string() })),
  /** What would not, or may not. */
  notHeld: z.array(differenceSchema),
  /** What it would run in; null where that is not there any more and one of the choices has to be named. */
  software: softwareSchema.nullable(),
  softwareChoices: z.array(softwareSchema),
})
export type Reproduction = z.infer<typeof reproductionSchema>

/** Body of `POST /api/v1/reductions/{id}/reproduce`; all of it may be left out. */
export const reproduceRequestSchema = z.object({
  /** In place of software that is not there any more. */
  software: softwareSchema.optional(),
  description: z.string().max(2_000).optional(),
})
