import { z } from 'zod'
import { parseSchedule, type Schedule } from './schedule.ts'

/** The part of a gateway's answer that matters here; unknown fields are none of our business. */
export const listedFunctionsSchema = z.array(
  z.object({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
)
export type ListedFunction = z.infer<typeof listedFunctionsSchema>[number]

export type ScheduledFunction = { readonly address: string; readonly text: string; readonly schedule: Schedule }

/** Functions with the annotations `topic: cron-function` (exactly) and a `schedule`, and those whose schedule is no such. */
export function scheduledFunctions(listed: readonly ListedFunction[]): {
  scheduled: ScheduledFunction[]
  faulty: { address: string; text: string }[]
} {
  const [scheduled, faulty]: [ScheduledFunction[], { address: string; text: string }[]] = [[], []]
  for (const { name, namespace, annotations } of listed) {
    const text = annotations?.['schedule']
    if (annotations?.['topic'] !== 'cron-function' || text === undefined) continue
    const address = namespace ? `${name}.${namespace}` : name
    const schedule = parseSchedule(text)
    if (schedule === undefined) faulty.push({ address, text })
    else scheduled.push({ address, text, schedule })
  }
  return { scheduled, faulty }
}
