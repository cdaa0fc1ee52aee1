import { describe, expect, it } from 'vitest'
import type { ListedRun } from '#contracts/api.ts'
import { keyOfRun, putBelow, putOnTop, renewRuns, unseenRuns } from './merge-runs.ts'

const run = (runNumber: number, title = 'a'): ListedRun => ({
  instrument: 'IRIS',
  runNumber,
  title,
  rbNumber: null,
  rbText: null,
  startedAt: null,
  endedAt: null,
  goodFrames: null,
  rawFrames: null,
  protonCharge: null,
  latest: null,
  batches: null,
})
const numbers = (runs: readonly ListedRun[]): number[] => runs.map((item) => item.runNumber)

describe('a list of runs that is alive', () => {
  const shown = [run(5), run(4), run(3)]

  it('renews rows in place and leaves the others as they are', () => {
    const renewed = renewRuns(shown, [run(7), run(5, 'new'), run(4)])
    expect(numbers(renewed)).toEqual([5, 4, 3])
    expect(renewed[0]?.title).toBe('new')
    expect(renewed[1]).toBe(shown[1])
    expect(renewRuns(shown, [run(4)])).toBe(shown)
  })

  it('gathers what it does not show, and puts it on top when asked', () => {
    const newest = [run(7), run(6), run(5)]
    expect(numbers(unseenRuns(shown, newest))).toEqual([7, 6])
    expect(numbers(putOnTop(shown, newest))).toEqual([7, 6, 5, 4, 3])
  })

  it('never shows a row twice when pages shift', () => {
    expect(numbers(putBelow(shown, [run(3), run(2)]))).toEqual([5, 4, 3, 2])
    expect(keyOfRun(run(3))).toBe('IRIS/3')
  })
})
