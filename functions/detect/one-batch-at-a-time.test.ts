import { describe, expect, it } from 'vitest'
import { oneBatchAtATime } from './one-batch-at-a-time.ts'

describe('batches', () => {
  it('hold what comes at once, and what came while the batch before was at work', async () => {
    const batches: number[][] = []
    const first = Promise.withResolvers<undefined>()
    const handle = oneBatchAtATime(async (items: readonly number[]) => {
      batches.push([...items])
      if (batches.length === 1) await first.promise
      return items.length
    }, 0)
    const early = [handle(1), handle(2)]
    await expect.poll(() => batches).toEqual([[1, 2]])
    const late = [handle(3), handle(4), handle(5)]
    first.resolve(undefined)
    expect(await Promise.all([...early, ...late])).toEqual([2, 2, 3, 3, 3])
    expect(batches).toEqual([
      [1, 2],
      [3, 4, 5],
    ])
  })

  it('are few where items come one after the other, and the first does not wait', async () => {
    const batches: number[][] = []
    const handle = oneBatchAtATime((items: readonly number[]) => {
      batches.push([...items])
      return Promise.resolve()
    }, 2_000)
    await handle(1)
    expect(batches).toEqual([[1]])
    const rest: Promise<void>[] = []
    for (const item of [2, 3, 4]) {
      rest.push(handle(item))
      await new Promise(setImmediate)
    }
    await Promise.all(rest)
    expect(batches).toEqual([[1], [2, 3, 4]])
  })

  it('let none fail for another: a batch that fails is tried one by one', async () => {
    const handle = oneBatchAtATime(
      (items: readonly string[]) =>
        items.includes('bad') ? Promise.reject(new Error('bad item')) : Promise.resolve(items.length),
      0,
    )
    const results = await Promise.allSettled([handle('good'), handle('bad'), handle('better')])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await handle('later')).toBe(1)
  })

  it('fail at once, together, where the database is out of reach', async () => {
    let calls = 0
    const handle = oneBatchAtATime(() => {
      calls += 1
      return Promise.reject(Object.assign(new Error('down'), { retryable: true }))
    }, 0)
    const results = await Promise.allSettled([handle(1), handle(2), handle(3)])
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    expect(calls).toBe(1)
  })
})
