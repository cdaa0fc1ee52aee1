import { expect, test } from 'vitest'
import { openShelf, pauseMsAfter } from './shelf-of-spares.ts'
import type { Spare, SpareRunner } from './spare-interpreter.ts'

type TestSpare = Spare & {
  readonly name: number
  readonly becomeReady: () => void
  readonly die: (why?: string) => void
  isEnded: boolean
}

/** Interpreters that are ready, and die, when the test says so. */
const spares = () => {
  const started: TestSpare[] = []
  const start = (): Spare => {
    const ready = Promise.withResolvers<SpareRunner>()
    const gone = Promise.withResolvers<void>()
    ready.promise.catch(() => undefined)
    const spare: TestSpare = {
      name: started.length,
      ready: ready.promise,
      gone: gone.promise,
      isEnded: false,
      becomeReady: () => ready.resolve({} as SpareRunner),
      die: (why = 'it crashed') => {
        ready.reject(new Error(why))
        gone.resolve()
      },
      end: () => {
        spare.isEnded = true
        gone.resolve()
        return Promise.resolve()
      },
    }
    started.push(spare)
    return spare
  }
  return { started, start }
}

const wanted = (): AbortSignal => new AbortController().signal
const said: string[] = []
const say = (message: string): void => void said.push(message)

test('each is taken once, and the next is started when somebody has the last', async () => {
  const { started, start } = spares()
  const shelf = openShelf(start, say)
  const filled = shelf.fill()
  started[0]?.becomeReady()
  await filled
  expect(started).toHaveLength(1)
  expect(await shelf.take(wanted())).toBe(started[0])
  expect(started).toHaveLength(2)
  const [second, third] = [shelf.take(wanted()), shelf.take(wanted())]
  // One waits for the one that is starting, the other has its own: as many as are asked for at once.
  expect(started).toHaveLength(3)
  started[2]?.becomeReady()
  expect(await third).toBe(started[2])
  expect(started).toHaveLength(4)
  started[1]?.becomeReady()
  expect(await second).toBe(started[1])
  expect(started).toHaveLength(4)
  shelf.close()
  expect(started.map(({ isEnded }) => isEnded)).toEqual([false, false, false, true])
})

test('one that nobody waits for any more is for the next, and only one is kept', async () => {
  const { started, start } = spares()
  const shelf = openShelf(start, say)
  const unwanted = new AbortController()
  const cancelled = [shelf.take(unwanted.signal), shelf.take(unwanted.signal)]
  unwanted.abort()
  for (const one of cancelled) await expect(one).rejects.toThrow()
  expect(started.map(({ isEnded }) => isEnded)).toEqual([true, false])
  const next = shelf.take(wanted())
  started[1]?.becomeReady()
  expect(await next).toBe(started[1])
  shelf.close()
})

test('one that dies while it waits is replaced, each time later; a script that comes meanwhile has its own', async () => {
  const { started, start } = spares()
  const pauses: number[] = []
  const shelf = openShelf(start, say, (deaths) => {
    pauses.push(deaths)
    return deaths < 3 ? 0 : 1e6
  })
  void shelf.fill()
  for (const count of [1, 2, 3]) {
    await expect.poll(() => started.length).toBe(count)
    started[count - 1]?.die()
  }
  await expect.poll(() => pauses).toEqual([1, 2, 3])
  await expect
    .poll(() => said.at(-1))
    .toBe('an interpreter that was started ahead is lost (it crashed); the next is started in 1000 s')
  await shelf.fill()
  expect(started).toHaveLength(3)
  const taken = shelf.take(wanted())
  started[3]?.die('no memory')
  await expect(taken).rejects.toThrow('no memory')
  expect(started).toHaveLength(4)
  const works = shelf.take(wanted())
  started[4]?.becomeReady()
  await works
  // It works again: there is one in stock at once, and the count begins anew.
  expect(started).toHaveLength(6)
  started[5]?.die()
  await expect.poll(() => pauses).toEqual([1, 2, 3, 1])
  shelf.close()
})

test('the pause grows to a minute', () => {
  expect([1, 2, 3, 6, 7, 2_000].map(pauseMsAfter)).toEqual([1_000, 2_000, 4_000, 32_000, 60_000, 60_000])
})
