import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDuration } from './parse-duration.ts'

test.each([
  ['10s', 10_000],
  ['1h30m', 5_400_000],
  ['1.5m', 90_000],
  ['250ms', 250],
  ['2m0.5s', 120_500],
  ['60', 60_000],
  [' 5s ', 5_000],
  ['0', 0],
])('%j is %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms))

test.each(['', 's', '-5s', '5 s', '5d', '1e3s', 's5', '5s-', 'NaN', '5µs'])('%j is no duration', (text) =>
  expect(parseDuration(text)).toBeNull(),
)

test('Hours, minutes, seconds and milliseconds add up', () => {
  const part = fc.integer({ min: 0, max: 10_000 })
  fc.assert(
    fc.property(part, part, part, part, (h, m, s, ms) => {
      expect(parseDuration(`${h}h${m}m${s}s${ms}ms`)).toBe(h * 3_600_000 + m * 60_000 + s * 1_000 + ms)
    }),
  )
})

test('No text makes it throw, and what it gives is a whole number of milliseconds', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9.hms]{0,8}$/)), (text) => {
      const ms = parseDuration(text)
      expect(ms === null || (Number.isInteger(ms) && ms >= 0)).toBe(true)
    }),
  )
})
