import { describe, expect, it } from 'vitest'
import type { Detection, Instrument, Run } from '#contracts/api.ts'
import type { Notice } from '#contracts/notices.ts'
import { describeInstrument } from './instrument-words.ts'
import { choiceWords } from './notice-words.ts'

const now = Date.parse('2026-11-22T10:40:00Z')
const run = (state: NonNullable<Run['latest']>['state']): Run => ({
  instrument: 'INTER',
  runNumber: 13_460,
  title: 'D2O',
  rbNumber: 1_220_112,
  rbText: '1220112',
  startedAt: null,
  endedAt: '2026-11-22T10:00:00Z',
  goodFrames: null,
  rawFrames: null,
  protonCharge: null,
  latest: { id: 7, version: 0, state, reason: null, startedAt: '2026-11-22T10:39:50Z', finishedAt: null },
})
const instrument = (more: Partial<Instrument> = {}): Instrument => ({
  name: 'INTER',
  isActive: true,
  isPaused: false,
  pausedReason: null,
  pause: null,
  lastRun: 13_461,
  lastRunAt: '2026-11-22T10:32:00Z',
  lastLookAt: null,
  problem: null,
  latestRun: run('Completed'),
  queued: 0,
  processing: 0,
  waiting: 0,
  typicalSeconds: 40,
  ...more,
})
const waiting: Detection = {
  id: 1,
  instrument: 'INTER',
  runNumber: 13_461,
  state: 'waiting',
  reason: 'Its file is not there yet.',
  detectedAt: '2026-11-22T10:32:00Z',
  nextTryAt: '2026-11-22T10:40:40Z',
  deadlineAt: '2026-11-23T10:32:00Z',
  tries: 3,
}

describe('an instrument’s line', () => {
  it('tells of a newer run whose file is waited for', () => {
    expect(describeInstrument(instrument({ waiting: 1 }), [waiting], now)).toMatchObject({
      runNumber: 13_461,
      reductionId: undefined,
      nextTryAt: waiting.nextTryAt,
      words: { mark: 'waiting', word: 'Waiting for its file since 10:32', reason: 'Its file is not there yet' },
      besides: [],
    })
  })

  it('a running reduction comes before a waiting file, which is then told besides', () => {
    const line = describeInstrument(
      instrument({ latestRun: run('Processing'), processing: 2, queued: 3, waiting: 1 }),
      [waiting],
      now,
    )
    expect(line).toMatchObject({ runNumber: 13_460, reductionId: 7, words: { word: 'Processing, 10 s of about 40 s' } })
    expect(line.besides).toEqual(['1 other reduction running', '3 in line', '1 run waits for its file'])
  })

  it.each([
    [
      instrument({ isPaused: true, pausedReason: 'changing the cryostat.' }),
      'paused',
      'Paused',
      'changing the cryostat',
    ],
    [instrument({ isActive: false }), 'skipped', 'Not watched', undefined],
    [instrument({ latestRun: null }), 'unknown', 'No run yet', undefined],
    [instrument({ latestRun: { ...run('Queued'), latest: null } }), 'unknown', 'Not reduced', undefined],
  ])('says what else may be', (given, mark, word, reason) => {
    expect(describeInstrument(given, [], now).words).toEqual({ mark, word, reason, share: undefined })
  })
})

describe('a notice’s choices', () => {
  const notice = (detail: Notice['detail']): Notice => ({
    id: 1,
    instrument: 'MARI',
    kind: 'counter-stepped-back',
    message: '',
    detail,
    choices: ['submit', 'set-cursor', 'dismiss'],
    raisedAt: '',
    lastSeenAt: '',
    resolvedAt: null,
    resolution: null,
  })

  it('say what they will do, with the numbers that are known', () => {
    expect(choiceWords(notice({ cursor: 29_154, lastRun: 29_120 }), 'submit').label).toBe('Submit 29120')
    expect(choiceWords({ ...notice({ cursor: 100, lastRun: 5_100 }), kind: 'gap-too-large' }, 'submit')).toMatchObject({
      label: 'Submit 5,000 runs',
      consequence: 'Runs 101 to 5100 of MARI are submitted.',
    })
    expect(choiceWords(notice({ cursor: 29_154, lastRun: 29_120 }), 'set-cursor').label).toBe('Go on after 29120')
    expect(choiceWords(notice({}), 'set-cursor').label).toBe('Set the counter')
    expect(choiceWords(notice({}), 'submit').label).toBe('Submit')
  })
})
