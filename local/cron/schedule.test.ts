import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readStackFile } from '../stack-file/read-stack-file.ts'
import { parseSchedule } from './schedule.ts'

const after = new Date('2026-11-22T21:56:06.500Z')

describe('a schedule', () => {
  it.each([
    ['@every 10s', '2026-11-22T21:56:16.500Z'],
    ['@every 1h30m', '2026-11-22T23:26:06.500Z'],
    ['@hourly', '2026-11-22T22:00:00.000Z'],
    ['@daily', '2026-11-23T00:00:00.000Z'],
    ['@midnight', '2026-11-23T00:00:00.000Z'],
    ['@weekly', '2026-11-29T00:00:00.000Z'],
    ['@monthly', '2026-12-01T00:00:00.000Z'],
    ['@yearly', '2027-01-01T00:00:00.000Z'],
    ['*/5 * * * *', '2026-11-22T22:00:00.000Z'],
    ['30 2 * * *', '2026-11-23T02:30:00.000Z'],
    ['0 9 * * 1-5', '2026-11-23T09:00:00.000Z'],
  ])('%s is due next at %s', (text, expected) => {
    expect(parseSchedule(text)?.next(after)?.toISOString()).toBe(expected)
  })

  it.each(['', 'often', '@every', '@every soon', '@every 0s', '@reboot', '* * * *', '* * * * * *', '61 * * * *'])(
    '"%s" is none',
    (text) => expect(parseSchedule(text)).toBeUndefined(),
  )

  it('of our own detection leaves a new run time to start within ten seconds of its file', () => {
    const functions = readStackFile(join(import.meta.dirname, '..', '..', 'stack.yml'), {})
    const detect = functions.find(({ service }) => service === 'detect')
    const next = parseSchedule(detect?.annotations?.['schedule'] ?? '')?.next(after)
    expect((next?.getTime() ?? Infinity) - after.getTime()).toBeLessThanOrEqual(5_000)
  })

  it('is always due later than now', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: 0, max: 23 }),
        fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
        (minute, hour, now) => {
          const next = parseSchedule(`${minute} ${hour} * * *`)?.next(now)
          expect(next && next.getTime() > now.getTime() && next.getTime() - now.getTime() <= 86_400_000).toBe(true)
        },
      ),
    )
  })
})
