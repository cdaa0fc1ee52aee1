import { describe, expect, it } from 'vitest'
import { durationWords, elapsedWords, secondsBetween } from './durations.ts'
import { agoWords, clockTime, fullTime, rowTime, timeSpan, untilWords } from './moments.ts'

describe('durations', () => {
  it.each([
    [0, '0 s'],
    [0.42, '0.4 s'],
    [9.96, '10 s'],
    [42.4, '42 s'],
    [59.7, '1 min'],
    [64, '1 min 04 s'],
    [300, '5 min'],
    [3599, '1 h'],
    [7500, '2 h 05 min'],
    [86_400 * 3 + 3600 * 4, '3 d 4 h'],
    [-5, '0 s'],
  ])('%s seconds are “%s”', (seconds, words) => {
    expect(durationWords(seconds)).toBe(words)
  })

  it('a growing duration shows whole seconds only', () => {
    expect(elapsedWords(3.7)).toBe('3 s')
    expect(elapsedWords(-2)).toBe('0 s')
  })

  it('is unknown while an end is missing', () => {
    expect(secondsBetween('2026-01-01T00:00:00Z', null)).toBeUndefined()
    expect(secondsBetween('2026-01-01T00:00:00Z', '2026-01-01T00:00:42Z')).toBe(42)
  })
})

describe('moments', () => {
  const now = Date.parse('2026-07-22T21:56:06Z')
  const before = (seconds: number): string => new Date(now - seconds * 1000).toISOString()

  it.each([
    [3, 'just now'],
    [-20, 'just now'],
    [27, '20 s ago'],
    [150, '2 min ago'],
    [3 * 3600 + 5, '3 h ago'],
    [30 * 3600, 'yesterday'],
    [86_400 * 4 + 10, '4 d ago'],
    [86_400 * 400, '17 Jun 2025'],
  ])('%s seconds before now are “%s”', (seconds, words) => {
    expect(agoWords(before(seconds), now)).toBe(words)
  })

  it('absolute times are the facility’s local time and say so', () => {
    expect(fullTime('2026-07-22T21:56:06.123Z')).toBe('Wed, 22 Jul 2026, 22:56:06 BST')
    expect(fullTime('2026-01-22T21:56:06Z')).toContain('21:56:06 GMT')
  })

  it('a clock time of another day carries its date', () => {
    expect(clockTime('2026-07-22T09:32:00Z', now)).toBe('10:32')
    expect(clockTime('2026-07-20T09:32:00Z', now)).toBe('20 Jul 2026, 10:32')
  })

  it('a measurement’s span names the day once', () => {
    expect(timeSpan('2015-07-01T14:29:00Z', '2015-07-01T14:53:00Z')).toBe('1 Jul 2015, 15:29 to 15:53')
    expect(timeSpan('2015-07-01T22:29:00Z', '2015-07-01T23:53:00Z')).toBe('1 Jul 2015, 23:29 to 2 Jul 2015, 00:53')
    expect(timeSpan(null, null)).toBeUndefined()
  })

  it.each([
    [150, '2 min ago'],
    [7200, '20:56'],
    [86_400, '21 Jul, 22:56'],
    [86_400 * 400, '17 Jun 2025'],
  ])('a row %s seconds old shows “%s”', (seconds, words) => {
    expect(rowTime(before(seconds), now)).toBe(words)
  })

  it('says when the next look is', () => {
    expect(untilWords(before(-40), now)).toBe('in 40 s')
    expect(untilWords(before(5), now)).toBe('now')
    expect(untilWords(before(-3600 * 3), now)).toBe('in 3 h')
  })
})
