import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideCounter, type Cursor } from './decide-counter.ts'

const run = fc.integer({ min: 0, max: 999_999_999 })
const limit = fc.integer({ min: 1, max: 1_000 })
const at = (lastRun: number, steppedBackTo: number | null = null): Cursor => ({ lastRun, steppedBackTo })

describe('a look at the counter', () => {
  it('submits nothing at the first sight, however far it counts', () => {
    fc.assert(
      fc.property(run, limit, (lastRun, gapLimit) => {
        expect(decideCounter(undefined, lastRun, gapLimit)).toEqual({ decision: 'first-sight', lastRun })
      }),
    )
  })

  it('gives exactly the runs between, where they are not too many', () => {
    fc.assert(
      fc.property(run, limit, fc.integer({ min: 1, max: 1_000 }), (cursor, gapLimit, gap) => {
        const decision = decideCounter(at(cursor, cursor - 1), cursor + gap, gapLimit)
        if (gap > gapLimit) expect(decision).toEqual({ decision: 'gap-too-large', cursor, lastRun: cursor + gap })
        else expect(decision).toEqual({ decision: 'advance', first: cursor + 1, last: cursor + gap })
      }),
    )
  })

  it('takes a gap as large as the limit, and no larger', () => {
    expect(decideCounter(at(1000), 1100, 100)).toEqual({ decision: 'advance', first: 1001, last: 1100 })
    expect(decideCounter(at(1000), 1101, 100)).toMatchObject({ decision: 'gap-too-large' })
    expect(decideCounter(at(1000), 1040, 100)).toEqual({ decision: 'advance', first: 1001, last: 1040 })
  })

  it('is nothing new where the number is the same', () => {
    fc.assert(
      fc.property(run, limit, (lastRun, gapLimit) => {
        expect(decideCounter(at(lastRun, 5), lastRun, gapLimit)).toEqual({ decision: 'unchanged' })
      }),
    )
  })

  it('believes a step back only when it is seen twice', () => {
    expect(decideCounter(at(1000), 900, 100)).toEqual({ decision: 'step-back-seen', lastRun: 900 })
    expect(decideCounter(at(1000, 900), 900, 100)).toEqual({ decision: 'stepped-back', cursor: 1000, lastRun: 900 })
    expect(decideCounter(at(1000, 900), 901, 100)).toEqual({ decision: 'step-back-seen', lastRun: 901 })
  })

  it('over any row of looks announces no run twice and none below the first sight', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1 }), limit, (looks, gapLimit) => {
        let cursor: Cursor | undefined
        const announced: number[] = []
        for (const look of looks) {
          const decision = decideCounter(cursor, look, gapLimit)
          switch (decision.decision) {
            case 'first-sight':
              cursor = at(look)
              break
            case 'advance':
              for (let one = decision.first; one <= decision.last; one += 1) announced.push(one)
              cursor = at(look)
              break
            case 'step-back-seen':
              cursor = { lastRun: cursor?.lastRun ?? 0, steppedBackTo: look }
              break
            case 'unchanged':
            case 'stepped-back':
            case 'gap-too-large':
              break
          }
        }
        expect(new Set(announced).size).toBe(announced.length)
        expect(announced.every((one) => one > (looks[0] ?? 0))).toBe(true)
        expect(announced).toEqual(announced.toSorted((left, right) => left - right))
      }),
    )
  })
})
