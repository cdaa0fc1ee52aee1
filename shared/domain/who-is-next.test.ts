import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reductionClasses } from './reduction-classes.ts'
import { promotionSeconds, whoIsNext, type LineHead, type Running } from './who-is-next.ts'

const head = (instrument: string, of: LineHead['class'], waitedSeconds = 1): LineHead => ({
  instrument,
  class: of,
  waitedSeconds,
})
const first = (slots: number, running: readonly Running[], heads: readonly LineHead[]): LineHead | undefined =>
  whoIsNext({ slots, running, heads })[0]

const arbitraryHead = fc.record({
  instrument: fc.constantFrom('ENGINX', 'WISH', 'MARI', 'IRIS'),
  class: fc.constantFrom(...reductionClasses),
  waitedSeconds: fc.integer({ min: 0, max: 20_000 }),
})

describe('whoIsNext', () => {
  it('takes fresh data before re-runs, and re-runs before bulk', () => {
    const heads = [head('A', 'bulk', 500), head('B', 'rerun', 500), head('C', 'fresh', 1)]
    expect(whoIsNext({ slots: 8, running: [], heads }).map((next) => next.class)).toEqual(['fresh', 'rerun', 'bulk'])
  })

  it('prefers, within a class, the instrument that holds the fewest slots', () => {
    const running: Running[] = [{ instrument: 'A', class: 'fresh' }]
    expect(first(8, running, [head('A', 'fresh', 90), head('B', 'fresh', 1)])?.instrument).toBe('B')
  })

  it('takes the one that has waited longest when all else is equal', () => {
    expect(first(8, [], [head('A', 'fresh', 1), head('B', 'fresh', 2)])?.instrument).toBe('B')
  })

  it('keeps the last free slot for fresh data of an instrument that holds none', () => {
    const running: Running[] = [{ instrument: 'A', class: 'fresh' }]
    expect(
      first(2, running, [head('A', 'fresh', 900), head('B', 'bulk', 9_000), head('B', 'rerun', 900)]),
    ).toBeUndefined()
    expect(first(2, running, [head('A', 'fresh', 900), head('C', 'fresh', 0)])?.instrument).toBe('C')
  })

  it('lets a single slot work on anything', () => {
    expect(first(1, [], [head('A', 'bulk')])?.instrument).toBe('A')
  })

  it('gives bulk at most half the slots, however old it is', () => {
    const running: Running[] = [
      { instrument: 'A', class: 'bulk' },
      { instrument: 'A', class: 'bulk' },
    ]
    expect(first(4, running, [head('B', 'bulk', 1_000_000)])).toBeUndefined()
  })

  it('promotes what has waited too long', () => {
    const heads = [head('A', 'fresh', 30), head('B', 'rerun', promotionSeconds.rerun)]
    expect(first(8, [], heads)?.instrument).toBe('B')
    expect(first(8, [], [head('A', 'fresh', 30), head('B', 'bulk', promotionSeconds.bulk * 2)])?.instrument).toBe('B')
  })

  it('starts nothing when no slot is free, and only what stands in line', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 6 }),
        fc.array(
          fc.record({ instrument: fc.constantFrom('ENGINX', 'WISH'), class: fc.constantFrom(...reductionClasses) }),
        ),
        fc.array(arbitraryHead),
        (slots, running, heads) => {
          const order = whoIsNext({ slots, running, heads })
          for (const next of order) expect(heads).toContain(next)
          if (running.length >= slots) expect(order).toEqual([])
        },
      ),
    )
  })

  it('always finds a way forward on idle processors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(arbitraryHead, { minLength: 1 }), (slots, heads) => {
        expect(whoIsNext({ slots, running: [], heads }).length).toBeGreaterThan(0)
      }),
    )
  })
})
