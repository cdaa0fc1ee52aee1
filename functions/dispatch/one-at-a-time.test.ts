import { describe, expect, it } from 'vitest'
import { oneAtATime } from './one-at-a-time.ts'

describe('oneAtATime', () => {
  it('answers many askers with one run that starts after they asked', async () => {
    let starts = 0
    const gates: (() => void)[] = []
    const ask = oneAtATime(async () => {
      starts += 1
      const mine = starts
      await new Promise<void>((resolve) => gates.push(resolve))
      return mine
    })
    const first = ask()
    const others = [ask(), ask(), ask()]
    gates[0]?.()
    expect(await first).toBe(1)
    await expect.poll(() => gates.length).toBe(2)
    gates[1]?.()
    expect(await Promise.all(others)).toEqual([2, 2, 2])
    expect(starts).toBe(2)
  })

  it('goes on after a failure', async () => {
    let fail = true
    const ask = oneAtATime(() => (fail ? Promise.reject(new Error('down')) : Promise.resolve('up')))
    const [first, second] = [ask(), ask()]
    await expect(first).rejects.toThrow('down')
    await expect(second).rejects.toThrow('down')
    fail = false
    expect(await ask()).toBe('up')
  })
})
