import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextThroughput, noThroughput, scaledReplicas, usualRule, type Scale, type Throughput } from './throughput.ts'

/** Plays so many calls a second, each for a number of seconds, read once a second; gives what changed and when. */
function play(...stretches: readonly (readonly [perSecond: number, seconds: number])[]): [number, Scale][] {
  let throughput: Throughput = noThroughput
  let [second, successes] = [0, 0]
  const changes: [number, Scale][] = []
  for (const [perSecond, seconds] of stretches) {
    for (let passed = 0; passed < seconds; passed += 1) {
      const next = nextThroughput(throughput, { atMs: second * 1000, successes }, usualRule)
      throughput = next.throughput
      if (next.scale !== 'as it is') changes.push([second, next.scale])
      second += 1
      successes += perSecond
    }
  }
  return changes
}

describe('throughput', () => {
  it('of more than five a second for long enough asks for a step more, and again while it lasts', () => {
    const changes = play([10, 80])
    expect(changes.map(([, scale]) => scale)).toEqual(['a step more', 'a step more', 'a step more'])
    // Ten a second pass the average of five over ten seconds within six seconds, and then have to last for five.
    expect(changes.map(([at]) => at)).toEqual([11, 41, 71])
  })

  it('of five a second and less asks for nothing, however long', () => {
    expect(play([5, 300])).toEqual([])
    expect(play([0, 300])).toEqual([])
  })

  it('that was high for a moment only asks for nothing', () => {
    expect(play([6, 12], [0, 60])).toEqual([])
    expect(play([49, 1], [0, 60])).toEqual([])
  })

  it('that is over asks once for the least', () => {
    expect(play([10, 20], [0, 120]).map(([, scale]) => scale)).toEqual(['a step more', 'back to the least'])
  })

  it('that pauses shorter than the rest goes on as before', () => {
    // Ten seconds of one call a second: the average is low for nine, which is no rest.
    const scales = play([10, 20], [1, 10], [10, 30], [0, 60]).map(([, scale]) => scale)
    expect(scales).toEqual(['a step more', 'a step more', 'back to the least'])
  })

  it('starts from where the counter is when it is first seen', () => {
    const { scale, throughput } = nextThroughput(noThroughput, { atMs: 0, successes: 1_000_000 }, usualRule)
    expect([scale, throughput.phase.kind]).toEqual(['as it is', 'low'])
  })

  it('keeps readings of one window only', () => {
    let throughput: Throughput = noThroughput
    for (let second = 0; second < 1_000; second += 1) {
      throughput = nextThroughput(throughput, { atMs: second * 1000, successes: 0 }, usualRule).throughput
    }
    expect(throughput.readings.length).toBeLessThanOrEqual(11)
  })
})

describe('the number of replicas', () => {
  const bounds = { least: 1, most: 5, step: 2 }
  it.each([
    ['a step more', 1, 3],
    ['a step more', 4, 5],
    ['a step more', 5, 5],
    ['back to the least', 5, 1],
    ['back to the least', 1, 1],
    ['as it is', 4, 4],
    ['a step more', 0, 0],
    ['back to the least', 0, 0],
  ] as const)('%s from %i is %i', (scale, replicas, expected) => {
    expect(scaledReplicas(scale, replicas, bounds)).toBe(expected)
  })

  it('stays in its bounds where it was in them', () => {
    const scales = fc.constantFrom<Scale>('as it is', 'a step more', 'back to the least')
    fc.assert(
      fc.property(fc.nat(5), fc.nat(10), fc.integer({ min: 1, max: 10 }), scales, (least, more, step, scale) => {
        const most = Math.max(1, least + more)
        for (let replicas = Math.max(1, least); replicas <= most; replicas += 1) {
          const next = scaledReplicas(scale, replicas, { least, most, step })
          expect(next).toBeGreaterThanOrEqual(Math.max(1, least))
          expect(next).toBeLessThanOrEqual(most)
        }
      }),
    )
  })
})
