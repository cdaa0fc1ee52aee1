import fc from 'fast-check'
import { expect, test } from 'vitest'
import { whatBecomesOfAMessage, type Circumstances, type Event } from './what-becomes-of-a-message.ts'

const circumstances = fc.record({
  nowMs: fc.integer({ min: 0, max: 10_000_000 }),
  expiresAtMs: fc.option(fc.integer({ min: 1, max: 10_000_000 })),
  holds: fc.nat({ max: 100_000 }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
})
const hasExpired = ({ nowMs, expiresAtMs }: Circumstances): boolean => expiresAtMs !== null && nowMs >= expiresAtMs

const maybeLater: readonly Event[] = [
  { kind: 'answered', status: 429 },
  { kind: 'answered', status: 503 },
  { kind: 'unreached', reason: 'ECONNREFUSED' },
]

test('Busy, away and out of reach are held as long as the message is valid, and acknowledged after that', () => {
  fc.assert(
    fc.property(fc.constantFrom(...maybeLater), circumstances, (event, given) => {
      const fate = whatBecomesOfAMessage(event, given)
      expect(fate.kind).toBe(hasExpired(given) ? 'ack' : 'hold')
      if (fate.kind !== 'hold') return
      expect(fate.delayMs).toBeGreaterThan(0)
      expect(fate.delayMs).toBeLessThanOrEqual(2_000)
      if (given.expiresAtMs !== null) expect(given.nowMs + fate.delayMs).toBeLessThanOrEqual(given.expiresAtMs)
    }),
  )
})

test('Every other answer, a cut connection and an expired message are acknowledged, valid or not', () => {
  const status = fc.integer({ min: 200, max: 599 }).filter((value) => value !== 429 && value !== 503)
  const events = fc.oneof(
    status.map((value): Event => ({ kind: 'answered', status: value })),
    fc.constant<Event>({ kind: 'cut', reason: 'ECONNRESET' }),
    fc.constant<Event>({ kind: 'expired' }),
  )
  fc.assert(
    fc.property(events, circumstances, (event, given) => {
      const isWell = event.kind === 'answered' && event.status < 300
      expect(whatBecomesOfAMessage(event, given)).toMatchObject({ kind: 'ack', isWell })
    }),
  )
})

test('Only what nobody can read is laid aside, with the reason', () => {
  const given = { nowMs: 0, expiresAtMs: null, holds: 0, random: 0 }
  expect(whatBecomesOfAMessage({ kind: 'unreadable', reason: 'its body is not UTF-8' }, given)).toEqual({
    kind: 'dead-letter',
    reason: 'its body is not UTF-8',
  })
})

test('The longer a message is held, the longer the delay, up to two seconds', () => {
  const delays = [0, 1, 2, 3, 4, 5].map((holds) => {
    const fate = whatBecomesOfAMessage(
      { kind: 'answered', status: 429 },
      { nowMs: 0, expiresAtMs: null, holds, random: 0 },
    )
    return fate.kind === 'hold' ? fate.delayMs : null
  })
  expect(delays).toEqual([200, 400, 800, 1_600, 2_000, 2_000])
})
