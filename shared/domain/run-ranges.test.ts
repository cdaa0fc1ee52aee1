import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeRuns, largestRequest, parseRunRanges } from './run-ranges.ts'

describe('parseRunRanges', () => {
  it.each([
    ['1-5,7', [1, 2, 3, 4, 5, 7]],
    ['1, 4-6', [1, 4, 5, 6]],
    [' 00042 ', [42]],
    ['3 - 4', [3, 4]],
  ])('reads %j', (text, runs) => {
    expect(parseRunRanges(text)).toEqual({ runs })
  })

  it.each([
    ['', 'No run numbers'],
    ['5-1', 'runs backwards'],
    ['-', 'not a run number'],
    ['7,7', 'named twice'],
    ['1-3,2', 'named twice'],
    ['0', 'start at 1'],
    ['-5', 'not a run number'],
    ['1.5', 'not a run number'],
    ['1,,2', 'not a run number'],
    ['1e3', 'not a run number'],
    ['1-999999999', 'more than'],
  ])('refuses %j in words', (text, words) => {
    const list = parseRunRanges(text)
    expect('fault' in list && list.fault).toContain(words)
  })

  it('reads back what describeRuns writes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 400_000 }), { minLength: 1, maxLength: 200 }), (runs) => {
        const list = parseRunRanges(describeRuns(runs))
        expect('runs' in list && list.runs).toEqual(runs.toSorted((left, right) => left - right))
      }),
    )
  })

  it('never gives more runs than one request may name, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789-, '), maxLength: 40 }), (text) => {
        const list = parseRunRanges(text)
        if ('runs' in list) expect(list.runs.length).toBeLessThanOrEqual(largestRequest)
      }),
    )
  })
})
