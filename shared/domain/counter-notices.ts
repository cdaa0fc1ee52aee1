/** Kinds of notice about an instrument's counter that only a person can settle. */
export const counterNoticeKinds = ['counter-stepped-back', 'gap-too-large'] as const
export type CounterNoticeKind = (typeof counterNoticeKinds)[number]

export const noticeChoices = ['submit', 'set-cursor', 'dismiss'] as const
export type NoticeChoice = (typeof noticeChoices)[number]

const isCounterNotice = (kind: string): kind is CounterNoticeKind => counterNoticeKinds.some((known) => known === kind)

/** What a person may do about a notice; empty for those that end by themselves when their cause does. */
export const choicesFor = (kind: string): readonly NoticeChoice[] => (isCounterNotice(kind) ? noticeChoices : [])

/** What lastrun.txt said and where the cursor stood when a notice about the counter was raised. */
export type CounterReading = { readonly cursor: number; readonly lastRun: number }

/**
 * The runs that submitting means: all that a jump left out, or, where the counter stepped back, the one run it shows now, since nobody
 * knows where it began to count again.
 */
export const runsOfCounterNotice = (
  kind: CounterNoticeKind,
  { cursor, lastRun }: CounterReading,
): { readonly first: number; readonly last: number } =>
  kind === 'gap-too-large' ? { first: cursor + 1, last: lastRun } : { first: lastRun, last: lastRun }
