import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gapsIn, settledUpTo, type Gap } from './settle-ids.ts'

describe('ids that come out of order', () => {
  it('are settled up to the first gap that is still open', () => {
    const gaps = gapsIn(4, [5, 6, 9, 10, 13], [], 1_000)
    expect(gaps).toEqual([
      { from: 7, to: 8, sinceMs: 1_000 },
      { from: 11, to: 12, sinceMs: 1_000 },
    ])
    expect(settledUpTo(4, [5, 6, 9, 10, 13], gaps, () => true)).toBe(6)
    expect(settledUpTo(4, [5, 6, 9, 10, 13], gaps, ({ from }) => from === 11)).toBe(10)
    expect(settledUpTo(4, [5, 6, 9, 10, 13], gaps, () => false)).toBe(13)
  })

  it('stay where they are when nothing has come', () => {
    expect(settledUpTo(4, [], [], () => true)).toBe(4)
    expect(settledUpTo(4, [6], gapsIn(4, [6], [], 0), () => true)).toBe(4)
  })

  it('know since when a gap is missed, also when a part of it has come', () => {
    const first = gapsIn(4, [9], [], 1_000)
    const second = gapsIn(4, [6, 9], first, 2_000)
    expect(second).toEqual([
      { from: 5, to: 5, sinceMs: 1_000 },
      { from: 7, to: 8, sinceMs: 1_000 },
    ])
  })

  it('are each delivered once, in order, however they are committed', () => {
    const commits = fc.integer({ min: 1, max: 40 }).chain((count) =>
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, place) => place + 1),
        { minLength: count },
      ),
    )
    fc.assert(
      fc.property(commits, (order) => {
        const visible = new Set<number>()
        const delivered: number[] = []
        let position = 0
        let gaps: readonly Gap[] = []
        for (const [now, id] of order.entries()) {
          visible.add(id)
          const ids = [...visible].filter((one) => one > position).toSorted((left, right) => left - right)
          gaps = gapsIn(position, ids, gaps, now)
          const next = settledUpTo(position, ids, gaps, () => true)
          delivered.push(...ids.filter((one) => one <= next))
          position = next
        }
        expect(delivered).toEqual(order.toSorted((left, right) => left - right))
      }),
    )
  })
})
