import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bellsToRing } from './bells.ts'
import { reductionClasses } from './reduction-classes.ts'
import { whoIsNext, type Line, type Running } from './who-is-next.ts'

const instrument = fc.constantFrom('ENGINX', 'WISH', 'MARI', 'IRIS')
const arbitrarySituation = fc.record({
  slots: fc.nat(9),
  running: fc.array(fc.record({ instrument, class: fc.constantFrom(...reductionClasses) }), { maxLength: 9 }),
  lines: fc.uniqueArray(
    fc.record({
      instrument,
      class: fc.constantFrom(...reductionClasses),
      waitedSeconds: fc.nat(20_000),
      count: fc.integer({ min: 1, max: 900 }),
    }),
    { selector: (line) => `${line.instrument} ${line.class}` },
  ),
  orphaned: fc.nat(9),
})

const line = (name: string, count: number, of: Line['class'] = 'fresh'): Line => ({
  instrument: name,
  class: of,
  waitedSeconds: 1,
  count,
})
const fresh = (...names: string[]): Running[] => names.map((name) => ({ instrument: name, class: 'fresh' }))

describe('bellsToRing', () => {
  it('is never more than what waits or fits, and at least one where something can start or be finished', () => {
    fc.assert(
      fc.property(arbitrarySituation, (situation) => {
        const { slots, running, lines, orphaned } = situation
        const bells = bellsToRing(situation)
        const queued = lines.reduce((sum, { count }) => sum + count, 0)
        expect(bells).toBeLessThanOrEqual(Math.max(1, slots - running.length))
        expect(bells).toBeLessThanOrEqual(queued + orphaned)
        const mayStart = whoIsNext({ slots, running, heads: lines }).length > 0
        expect(bells > 0).toBe(orphaned > 0 || mayStart || (slots === 0 && queued > 0))
      }),
    )
  })

  it('leaves out the slots that are kept: the last one, and half of all from a re-run in bulk', () => {
    const situation = { slots: 4, running: fresh('A', 'A'), orphaned: 0 }
    expect(bellsToRing({ ...situation, lines: [line('A', 90)] })).toBe(1)
    expect(bellsToRing({ ...situation, lines: [line('A', 90), line('B', 90), line('C', 90)] })).toBe(2)
    expect(bellsToRing({ ...situation, running: fresh('A', 'A', 'A'), lines: [line('A', 90)] })).toBe(0)
    expect(bellsToRing({ ...situation, running: [], lines: [line('A', 90, 'bulk')] })).toBe(2)
  })

  it('rings once for as many as wait', () => {
    expect(bellsToRing({ slots: 9, running: [], lines: [line('A', 2), line('B', 1)], orphaned: 0 })).toBe(3)
  })

  it('wakes the first processor with one bell', () => {
    expect(bellsToRing({ slots: 0, running: [], lines: [line('A', 5)], orphaned: 0 })).toBe(1)
    expect(bellsToRing({ slots: 0, running: [], lines: [], orphaned: 0 })).toBe(0)
  })
})
