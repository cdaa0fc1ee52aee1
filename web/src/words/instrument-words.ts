import type { Detection, Instrument } from '#contracts/api.ts'
import { clockTime } from '../time/moments.ts'
import { countWords, withoutStop } from './plain-words.ts'
import { describeState, type StateWords } from './state-words.ts'

/** One line about an instrument: its newest run and what is happening to it. */
export type InstrumentLine = {
  readonly runNumber: number | undefined
  readonly reductionId: number | undefined
  readonly title: string | undefined
  readonly rbNumber: number | undefined
  readonly words: StateWords
  /** When the instrument last measured something. */
  readonly lastAt: string | undefined
  /** When its file is looked for again, while it is waited for. */
  readonly nextTryAt: string | undefined
  /** What else is going on: more work, more waiting. */
  readonly besides: readonly string[]
}

const quiet = (word: string, reason?: string | null): StateWords => ({
  mark: 'unknown',
  word,
  reason: reason ? withoutStop(reason) : undefined,
  share: undefined,
})

const stateOf = (instrument: Instrument, nowMs: number): StateWords => {
  const latest = instrument.latestRun?.latest
  if (!instrument.isActive) return { ...quiet('Not watched'), mark: 'skipped' }
  if (instrument.isPaused && (!latest || latest.state !== 'Processing'))
    return { ...quiet('Paused', instrument.pausedReason), mark: 'paused' }
  if (latest) return describeState(latest, nowMs, instrument.typicalSeconds)
  return instrument.latestRun ? quiet('Not reduced') : quiet('No run yet')
}

/** `waiting`: this instrument's runs whose files are waited for. */
export const describeInstrument = (
  instrument: Instrument,
  waiting: readonly Detection[],
  nowMs: number,
): InstrumentLine => {
  const run = instrument.latestRun
  const newest = [...waiting].sort((left, right) => right.runNumber - left.runNumber)[0]
  const isWaiting =
    newest !== undefined && newest.runNumber > (run?.runNumber ?? 0) && run?.latest?.state !== 'Processing'
  const running = instrument.processing - (run?.latest?.state === 'Processing' ? 1 : 0)
  const latest = run?.latest
  const { isPaused } = instrument
  // Of a paused instrument the newest run's own state is not what the line says, so all that is held is told.
  const inLine = instrument.queued - (latest?.state === 'Queued' && !isPaused ? 1 : 0)
  const stillWaiting = instrument.waiting - (isWaiting ? 1 : 0)
  const besides = [
    ...(running > 0 ? [`${countWords(running, 'other reduction')} running`] : []),
    ...(isPaused && latest?.state === 'Processing'
      ? [`paused: ${withoutStop(instrument.pausedReason ?? 'no reason was given')}`]
      : []),
    ...(inLine > 0 ? [isPaused ? `${inLine} held` : `${inLine} in line`] : []),
    ...(stillWaiting > 0 ? [countWords(stillWaiting, 'run waits for its file', 'runs wait for their files')] : []),
  ]
  const common = { besides, lastAt: instrument.lastRunAt ?? run?.endedAt ?? undefined }
  if (isWaiting && !instrument.isPaused) {
    const word = `Waiting for its file since ${clockTime(newest.detectedAt, nowMs)}`
    return {
      ...common,
      runNumber: newest.runNumber,
      reductionId: undefined,
      title: undefined,
      rbNumber: undefined,
      nextTryAt: newest.nextTryAt ?? undefined,
      words: {
        mark: 'waiting',
        word,
        reason: newest.reason === null ? undefined : withoutStop(newest.reason),
        share: undefined,
      },
    }
  }
  return {
    ...common,
    runNumber: run?.runNumber,
    reductionId: run?.latest?.id,
    title: run?.title ?? undefined,
    rbNumber: run?.rbNumber ?? undefined,
    nextTryAt: undefined,
    words: stateOf(instrument, nowMs),
  }
}
