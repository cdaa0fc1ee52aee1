import { describe, expect, it } from 'vitest'
import { chargeWords, countWords, ordinal, sizeWords } from './plain-words.ts'
import { describeState, type Describable } from './state-words.ts'

const now = Date.parse('2026-11-22T21:56:31Z')
const reduction = (state: Describable['state'], more: Partial<Describable> = {}): Describable => ({
  state,
  reason: null,
  startedAt: '2026-11-22T21:56:00Z',
  finishedAt: null,
  ...more,
})

describe('a state in words', () => {
  it('of a running reduction tells how long, and what is usual where that is known', () => {
    expect(describeState(reduction('Processing'), now)).toMatchObject({ word: 'Processing, 31 s', share: undefined })
    expect(describeState(reduction('Processing'), now, 40)).toMatchObject({
      mark: 'processing',
      word: 'Processing, 31 s of about 40 s',
      share: 31 / 40,
    })
    expect(describeState(reduction('Processing'), now, 28.6)).toMatchObject({
      mark: 'processing',
      word: 'Processing, 31 s, usually 29 s',
    })
    expect(describeState(reduction('Processing'), now, 15)).toMatchObject({
      mark: 'late',
      word: 'Processing for 31 s, usually 15 s',
    })
  })

  it('of others says the word, the place, the time and the reason', () => {
    expect(describeState(reduction('Queued', { place: 4 }), now).word).toBe('Queued, 4th in line')
    expect(describeState(reduction('Completed', { finishedAt: '2026-11-22T21:56:42Z' }), now).word).toBe(
      'Completed in 42 s',
    )
    expect(describeState(reduction('Error', { reason: 'Vanadium run 236516 not found.' }), now)).toMatchObject({
      word: 'Error',
      reason: 'Vanadium run 236516 not found',
    })
  })

  it('a state of a newer service is shown as it comes', () => {
    const newer = reduction('Hibernating' as Describable['state'])
    expect(describeState(newer, now)).toMatchObject({ mark: 'unknown', word: 'Hibernating' })
  })
})

describe('numbers in words', () => {
  it('have the digits that mean something', () => {
    expect([0, 22.57, 148.2, 0.034, 0.31, 0.00001].map(chargeWords)).toEqual([
      '0',
      '22.6',
      '148',
      '0.034',
      '0.31',
      '1.0e-5',
    ])
    expect([1, 999, 1000, 12_400, 3_100_000, 999_600_000].map(sizeWords)).toEqual([
      '1 byte',
      '999 bytes',
      '1 kB',
      '12 kB',
      '3.1 MB',
      '1 GB',
    ])
    expect([1, 2, 3, 4, 11, 12, 13, 21, 101, 111].map(ordinal).join(' ')).toBe(
      '1st 2nd 3rd 4th 11th 12th 13th 21st 101st 111th',
    )
    expect(countWords(1, 'run')).toBe('1 run')
    expect(countWords(1200, 'run')).toBe('1,200 runs')
  })
})
