import { openKeyOf, type RaisedNotice } from '#database/queries/notices-raise.ts'
import { counterNoticeKinds } from '#domain/counter-notices.ts'

export const noticeKindsOfCounters = ['lastrun-problem', ...counterNoticeKinds] as const

/** The keys under which an instrument's notices stand open. */
export const counterNoticeKeys = (instrument: string): readonly string[] =>
  noticeKindsOfCounters.map((kind) => openKeyOf({ kind, instrument }))

/** What people read about a counter that only they can settle. */
export const steppedBackNotice = (instrument: string, cursor: number, lastRun: number): RaisedNotice => ({
  kind: 'counter-stepped-back',
  instrument,
  counter: { cursor, lastRun },
  message: `The run counter of ${instrument} stepped back: lastrun.txt says ${lastRun}, but runs up to ${cursor} were seen before. No new run of ${instrument} is submitted until somebody decides: set the cursor to ${lastRun} if the instrument counts anew from there, submit run ${lastRun} if it is new, or mend lastrun.txt.`,
})

export const gapNotice = (instrument: string, cursor: number, lastRun: number, gapLimit: number): RaisedNotice => ({
  kind: 'gap-too-large',
  instrument,
  counter: { cursor, lastRun },
  message: `The run counter of ${instrument} jumped from ${cursor} to ${lastRun}, which is ${lastRun - cursor} runs at once (more than ${gapLimit}). No new run of ${instrument} is submitted until somebody decides: submit runs ${cursor + 1} to ${lastRun}, or set the cursor to ${lastRun} to leave them out.`,
})

export const counterProblemNotice = (instrument: string, reason: string): RaisedNotice => ({
  kind: 'lastrun-problem',
  instrument,
  message: reason,
})
