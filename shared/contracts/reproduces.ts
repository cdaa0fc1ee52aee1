import { z } from 'zod'

/** Something that was one way when the earlier reduction ran and is, or may be, another way now. */
export const differenceSchema = z.object({
  /** `software`, `host`, `modules`, `numpy`, `variable unit`, … in words. */
  what: z.string(),
  then: z.string(),
  /** Null where only the run itself will show it. */
  now: z.string().nullable(),
})
export type Difference = z.infer<typeof differenceSchema>

/** A raw file as a reduction found it. */
export const seenInputSchema = z.object({
  path: z.string(),
  sizeBytes: z.number().nullable(),
  modifiedAt: z.string().nullable(),
})
export type SeenInput = z.infer<typeof seenInputSchema>

/** Kept with a reduction that repeats an earlier one; goes with it to the processor and into its provenance. */
export const reproducesSchema = z.object({
  reductionId: z.number().int(),
  version: z.number().int(),
  /** Where the earlier one's provenance lies; null where it has none. */
  resultsPath: z.string().nullable(),
  /** By run number: what the script must find, or it does not run. */
  inputs: z.array(seenInputSchema),
  notHeld: z.array(differenceSchema),
})
export type Reproduces = z.infer<typeof reproducesSchema>
