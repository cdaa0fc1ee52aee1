import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openRefresher } from './refresher.ts'

describe('refreshing', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('happens at once, then at most once in the gap however often it is asked for', async () => {
    const work = vi.fn(async () => {})
    const refresher = openRefresher(work, 1000, Date.now)
    for (let ask = 0; ask < 50; ask += 1) refresher.soon()
    await vi.advanceTimersByTimeAsync(1)
    expect(work).toHaveBeenCalledTimes(1)
    for (let ask = 0; ask < 50; ask += 1) refresher.soon()
    await vi.advanceTimersByTimeAsync(500)
    expect(work).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1000)
    expect(work).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('asked for while it runs happens once more, never twice at a time', async () => {
    let finish: () => void = () => {}
    const work = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)))
    const refresher = openRefresher(work, 100, Date.now)
    refresher.soon()
    await vi.advanceTimersByTimeAsync(1)
    refresher.soon()
    await vi.advanceTimersByTimeAsync(1000)
    expect(work).toHaveBeenCalledTimes(1)
    finish()
    await vi.advanceTimersByTimeAsync(1)
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('stops for good', async () => {
    const work = vi.fn(async () => {})
    const refresher = openRefresher(work, 100, Date.now)
    refresher.soon()
    refresher.stop()
    refresher.soon()
    await vi.advanceTimersByTimeAsync(1000)
    expect(work).not.toHaveBeenCalled()
  })
})
