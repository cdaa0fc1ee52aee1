import { expect, it } from 'vitest'
import { openWorkQueue } from './work-queue.ts'

it('does so much at a time, in order, and lets no more than so much wait', async () => {
  const queue = openWorkQueue({ atATime: 2, mostWaiting: 2 })
  const begun: number[] = []
  const ends: (() => void)[] = []
  const add = (number: number) =>
    queue.add(() => {
      begun.push(number)
      return new Promise<void>((resolve) => ends.push(resolve))
    })
  expect([0, 1, 2, 3, 4].map(add)).toEqual([true, true, true, true, false])
  expect(begun).toEqual([0, 1])
  ends[1]?.()
  await expect.poll(() => begun).toEqual([0, 1, 2])
  expect([5, 6].map(add)).toEqual([true, false])
  ends[0]?.()
  await expect.poll(() => begun).toEqual([0, 1, 2, 3])
})
