import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDuration } from './limits.ts'

describe('a duration', () => {
  it.each([
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['2m0s', 120_000],
    ['30', 30_000],
  ])('%s is understood', (text, expected) => expect(parseDuration(text)).toBe(expected))

  it.each(['', 's', '10 s', '10x', '-1s', '1s!'])('"%s" is none', (text) => expect(parseDuration(text)).toBeUndefined())

  it('of hours, minutes and seconds is their sum', () => {
    fc.assert(
      fc.property(fc.nat(99), fc.nat(59), fc.nat(59), (h, m, s) => {
        expect(parseDuration(`${h}h${m}m${s}s`)).toBe(((h * 60 + m) * 60 + s) * 1000)
      }),
    )
  })
})
