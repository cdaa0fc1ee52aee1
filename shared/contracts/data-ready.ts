import { z } from 'zod'

/** The queue whose messages wake processors; also the `topic` annotation of the function `process`. */
export const dataReadyQueue = 'DataReady'

/**
 * A bell: "there is work". It says who rang, for people reading the queue, and decides nothing: the processor that receives
 * it asks the database who is next.
 */
export const dataReadySchema = z.object({
  reductionId: z.number().int().positive(),
  instrument: z.string(),
  runNumbers: z.array(z.number().int()),
})
export type DataReady = z.infer<typeof dataReadySchema>
