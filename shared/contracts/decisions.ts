import { z } from 'zod'
import { reductionClasses } from '#domain/reduction-classes.ts'
import { time } from './time.ts'

/** Answer to `POST /api/v1/reductions/{id}/cancel`. */
export const cancellationSchema = z.object({
  id: z.number().int(),
  /** `cancelled`: it has ended. `cancelling`: its script is ended within seconds. */
  outcome: z.enum(['cancelled', 'cancelling']),
})

/**
 * Body of `POST /api/v1/cancellations`: reductions by number, or all that stand in line (or run) of one submission, instrument or
 * experiment. With `preview` nothing is cancelled; the answer says what would be.
 */
export const cancellationsRequestSchema = z.object({
  reductionIds: z.array(z.number().int().positive()).min(1).max(5_000).optional(),
  submission: z.string().min(1).max(32).optional(),
  instrument: z.string().min(1).max(64).optional(),
  rbNumber: z.number().int().optional(),
  class: z.array(z.enum(reductionClasses)).min(1).optional(),
  /** Default: those that stand in line. */
  state: z
    .array(z.enum(['Queued', 'Processing']))
    .min(1)
    .optional(),
  preview: z.boolean().optional(),
})

export const cancellationsSchema = z.object({
  /** How many ended before they started. */
  cancelled: z.number().int(),
  /** How many run and are ended within seconds. */
  cancelling: z.number().int(),
  /** Those that were too late, each with the reason. */
  refused: z.array(z.object({ id: z.number().int(), reason: z.string() })),
})

export const classSchema = z.object({ class: z.enum(reductionClasses) })

/** Why reductions are held, since when and by whom. `everything`: the whole service is paused. */
export const pauseSchema = z.object({
  scope: z.enum(['instrument', 'everything']),
  reason: z.string(),
  by: z.string(),
  at: time,
})
export type Pause = z.infer<typeof pauseSchema>

/** Body of `POST /api/v1/pause` and `…/instruments/{name}/pause`. */
export const pauseRequestSchema = z.object({
  reason: z
    .string()
    .trim()
    .min(1, 'a reason is needed: everybody who waits for results reads it')
    .max(500, 'a reason has at most 500 characters'),
})

/** Body of `POST /api/v1/resume` and `…/instruments/{name}/resume`: what becomes of the reductions that were held. */
export const resumeRequestSchema = z.object({ held: z.enum(['run', 'skip']) })

/** How things stand after pausing or resuming. */
export const pauseStandingSchema = z.object({
  /** What holds the instrument (or everything) now; null where nothing does. */
  pause: pauseSchema.nullable(),
  /** Reductions that stand in line and do not move. */
  held: z.number().int(),
  /** Reductions that this decision skipped. */
  skipped: z.number().int(),
})
