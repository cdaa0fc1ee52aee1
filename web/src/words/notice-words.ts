import type { Notice } from '#contracts/notices.ts'
import { runsOfCounterNotice, type CounterNoticeKind, type CounterReading } from '#domain/counter-notices.ts'
import type { Choice } from '../api/api.ts'
import { countWords } from './plain-words.ts'

/** How a choice is offered, and what pressing it does, said before it is done. */
export type ChoiceWords = { readonly label: string; readonly consequence: string; readonly confirm: string }

const readingOf = (detail: Notice['detail']): CounterReading | undefined => {
  const { cursor, lastRun } = detail
  return typeof cursor === 'number' && typeof lastRun === 'number' ? { cursor, lastRun } : undefined
}

const kindOf = (notice: Notice): CounterNoticeKind | undefined =>
  notice.kind === 'counter-stepped-back' || notice.kind === 'gap-too-large' ? notice.kind : undefined

const submitWords = (notice: Notice, instrument: string): ChoiceWords => {
  const reading = readingOf(notice.detail)
  const kind = kindOf(notice)
  if (!reading || !kind)
    return {
      label: 'Submit',
      consequence: `The runs of ${instrument} that the notice names are submitted.`,
      confirm: 'Submit',
    }
  const { first, last } = runsOfCounterNotice(kind, reading)
  if (first === last)
    return {
      label: `Submit ${first}`,
      consequence: `Run ${first} of ${instrument} is submitted, and the counter goes on from there.`,
      confirm: `Submit ${first}`,
    }
  const count = countWords(last - first + 1, 'run')
  return {
    label: `Submit ${count}`,
    consequence: `Runs ${first} to ${last} of ${instrument} are submitted.`,
    confirm: `Submit ${count}`,
  }
}

export const choiceWords = (notice: Notice, choice: Choice): ChoiceWords => {
  const reading = readingOf(notice.detail)
  const instrument = notice.instrument ?? 'the instrument'
  switch (choice) {
    case 'submit':
      return submitWords(notice, instrument)
    case 'set-cursor':
      return {
        label: reading ? `Go on after ${reading.lastRun}` : 'Set the counter',
        consequence: `Nothing is submitted now; the next new run of ${instrument}${reading ? ` after ${reading.lastRun}` : ''} is.`,
        confirm: 'Set the counter',
      }
    case 'dismiss':
      return {
        label: 'Dismiss',
        consequence: `The notice goes away; nothing is submitted${reading ? ` and the counter stays at ${reading.cursor}` : ''}.`,
        confirm: 'Dismiss',
      }
  }
}
