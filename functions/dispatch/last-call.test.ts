import { expect, test } from 'vitest'
import { lastCallMs, openLastCall } from './last-call.ts'

const [one, other] = [
  { id: 1, fence: 1, lostCount: 0 },
  { id: 2, fence: 4, lostCount: 0 },
]

test('nobody is taken for dead at first sight, but whoever has not been heard a few seconds later is', () => {
  let nowMs = 1_000
  const lastCall = openLastCall(() => nowMs)
  expect(lastCall.confirm([one])).toEqual([])
  expect(lastCall.waiting()).toBe(1)
  nowMs += lastCallMs - 1
  expect(lastCall.confirm([one, other])).toEqual([])
  nowMs += 1
  expect(lastCall.confirm([one, other])).toEqual([one])
  expect(lastCall.waiting()).toBe(1)
})

test('who was heard meanwhile, or holds it anew, begins anew', () => {
  let nowMs = 0
  const lastCall = openLastCall(() => nowMs)
  lastCall.confirm([one, other])
  nowMs += lastCallMs
  expect(lastCall.confirm([{ ...one, fence: 2 }])).toEqual([])
  expect(lastCall.confirm([other])).toEqual([])
  expect(lastCall.waiting()).toBe(1)
})
