import fc from 'fast-check'
import { expect, test } from 'vitest'
import { brokerBackOff, delayBeforeAttempt } from './back-off.ts'

const failures = fc.integer({ min: 1, max: 100_000 })
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const backOffs = fc.record({
  firstMs: fc.integer({ min: 1, max: 5_000 }),
  ceilingMs: fc.integer({ min: 5_000, max: 600_000 }),
  provenAfterMs: fc.constant(1_000),
})

test('A delay is never longer than the ceiling and never shorter than half of the first', () => {
  fc.assert(
    fc.property(failures, random, backOffs, (count, chance, backOff) => {
      const delayMs = delayBeforeAttempt(count, chance, backOff)
      expect(delayMs).toBeLessThanOrEqual(backOff.ceilingMs)
      expect(delayMs).toBeGreaterThanOrEqual(backOff.firstMs / 2)
    }),
  )
})

test('More failures never make the delay shorter', () => {
  fc.assert(
    fc.property(failures, random, backOffs, (count, chance, backOff) => {
      expect(delayBeforeAttempt(count + 1, chance, backOff)).toBeGreaterThanOrEqual(
        delayBeforeAttempt(count, chance, backOff),
      )
    }),
  )
})

test('The delay doubles until the ceiling, and chance takes off up to a half', () => {
  const delays = [1, 2, 3, 4].map((count) => delayBeforeAttempt(count, 0, brokerBackOff))
  expect(delays).toEqual([200, 400, 800, 1600])
  expect(delayBeforeAttempt(50, 0, brokerBackOff)).toBe(10_000)
  expect(delayBeforeAttempt(50, 0.999_999, brokerBackOff)).toBeCloseTo(5_000, 0)
})
