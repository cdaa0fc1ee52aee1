import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holdPrintedBytes } from './printed-bytes.ts'

const step = fc.oneof(
  fc.record({ push: fc.integer({ min: 0, max: 70_000 }) }),
  fc.record({ drop: fc.nat(90_000) }),
  fc.record({ peek: fc.nat(90_000) }),
)

test('what is held is what was pushed and not dropped, however it came', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.array(step, { maxLength: 40 }), (firstOffset, steps) => {
      const held = holdPrintedBytes(firstOffset)
      const reused = Buffer.alloc(50_000)
      let [expected, first, next] = [Buffer.alloc(0), firstOffset, 0]
      for (const one of steps) {
        if ('push' in one) {
          const bytes = Buffer.from(Array.from({ length: one.push }, () => (next = (next * 31 + 7) % 251)))
          held.push(bytes)
          expected = Buffer.concat([expected, bytes])
          // Whoever pushed them may use them for something else.
          bytes.fill(0)
        } else if ('drop' in one) {
          held.dropBefore(first + one.drop)
          expected = expected.subarray(one.drop)
          first += one.drop
        } else {
          expect(held.peek(one.peek, reused).equals(expected.subarray(0, one.peek))).toBe(true)
        }
        expect([held.from(), held.size()]).toEqual([first, expected.length])
      }
      expect(held.peek(Infinity).equals(expected)).toBe(true)
    }),
  )
})
