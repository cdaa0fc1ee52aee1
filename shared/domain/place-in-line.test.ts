import { describe, expect, it } from 'vitest'
import { placeInLine, type LineCount } from './place-in-line.ts'

const count = (instrument: string, of: LineCount['class'], queued: number, earlier: number): LineCount => ({
  instrument,
  class: of,
  queued,
  earlier,
})

describe('the place in line', () => {
  it('is 1 for the only one', () => {
    expect(placeInLine({ instrument: 'MARI', class: 'bulk' }, [count('MARI', 'bulk', 1, 0)])).toBe(1)
  })

  it('comes behind all of a more urgent class and before the less urgent ones', () => {
    const line = [count('MARI', 'rerun', 4, 2), count('WISH', 'fresh', 7, 0), count('WISH', 'bulk', 500, 500)]
    expect(placeInLine({ instrument: 'MARI', class: 'rerun' }, line)).toBe(7 + 2 + 1)
  })

  it('lets other instruments take turns, not go first with all they have', () => {
    const line = [count('MARI', 'fresh', 3, 1), count('WISH', 'fresh', 100, 90)]
    expect(placeInLine({ instrument: 'MARI', class: 'fresh' }, line)).toBe(2 + 1 + 1)
  })

  it('does not count what came later', () => {
    const line = [count('MARI', 'fresh', 3, 0), count('WISH', 'fresh', 100, 0)]
    expect(placeInLine({ instrument: 'MARI', class: 'fresh' }, line)).toBe(1)
  })
})
