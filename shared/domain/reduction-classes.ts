/** How urgent a reduction is: new data first, then what a person waits for, then the long rows. */
export const reductionClasses = ['fresh', 'rerun', 'bulk'] as const
export type ReductionClass = (typeof reductionClasses)[number]

/** A request for more runs than this is bulk: nobody sits and waits for the twenty-first. */
export const largestRerunThatIsNotBulk = 20

export const classOfRequest = (runCount: number): ReductionClass =>
  runCount > largestRerunThatIsNotBulk ? 'bulk' : 'rerun'
