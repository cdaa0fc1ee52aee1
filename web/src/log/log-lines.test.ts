import { describe, expect, it } from 'vitest'
import { splitLog, toneOf } from './log-lines.ts'

describe('a log', () => {
  it('is split into numbered lines however its pieces fall', () => {
    const whole = 'one\ntwo\n\nfour\nrest'
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const first = splitLog(whole.slice(0, cut), 0)
      const second = splitLog(first.rest + whole.slice(cut), first.lines.length)
      const lines = [...first.lines, ...second.lines]
      expect(lines.map((line) => line.text)).toEqual(['one', 'two', '', 'four'])
      expect(lines.map((line) => line.number)).toEqual([1, 2, 3, 4])
      expect(second.rest).toBe('rest')
    }
  })

  it('shows of a progress bar what was written last, in whatever pieces it comes', () => {
    const whole = '10 %\r50 %\r100 %\r\n\r1 of 2\r2 of 2'
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const first = splitLog(whole.slice(0, cut), 0)
      const second = splitLog(first.rest + whole.slice(cut), first.lines.length)
      expect([...first.lines, ...second.lines].map((line) => line.text)).toEqual(['100 %'])
      expect(second.rest).toBe('2 of 2')
    }
  })

  it.each([
    ['Traceback (most recent call last):', 'fault'],
    ['ValueError: no vanadium', 'fault'],
    ['Load-[Error] cannot open', 'fault'],
    ['WARNING: 12 spectra left out', 'warning'],
    ['/x.py:3: RuntimeWarning: divide by zero', 'warning'],
    ['Fitting errors of the peak', 'plain'],
    ['Focusing bank 1', 'plain'],
  ])('“%s” is %s', (text, tone) => {
    expect(toneOf(text)).toBe(tone)
  })
})
