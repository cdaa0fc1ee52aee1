import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collectionFor } from './collect-when-idle.ts'

const megabyte = 1024 * 1024

test('collects what is worth it, and only where there is nothing else to do', () => {
  const look = { usedBytes: 30 * megabyte, aliveBytes: 20 * megabyte, utilization: 0.01, isTidy: true }
  expect(collectionFor(look)).toBe('quick')
  expect(collectionFor({ ...look, utilization: 0.3 })).toBe('none')
  expect(collectionFor({ ...look, usedBytes: 21 * megabyte })).toBe('none')
  expect(collectionFor({ ...look, aliveBytes: 28 * megabyte })).toBe('none')
  expect(collectionFor({ ...look, usedBytes: 310 * megabyte, aliveBytes: 300 * megabyte })).toBe('none')
})

test('collects thoroughly once it rests after work', () => {
  const look = { usedBytes: 20 * megabyte, aliveBytes: 20 * megabyte, utilization: 0.005, isTidy: false }
  expect(collectionFor(look)).toBe('thorough')
  expect(collectionFor({ ...look, isTidy: true })).toBe('none')
  expect(collectionFor({ ...look, utilization: 0.02 })).toBe('none')
  expect(collectionFor({ ...look, usedBytes: 30 * megabyte, isTidy: true })).toBe('quick')
})

test('a process that has had much to do is small again when it is idle', async () => {
  const child = fork(join(import.meta.dirname, 'busy-then-idle.fixture.ts'))
  try {
    const [usedWhenBusy] = (await once(child, 'message')) as [number]
    const [usedWhenIdle] = (await once(child, 'message')) as [number]
    expect(usedWhenBusy).toBeGreaterThan(60 * megabyte)
    expect(usedWhenIdle).toBeLessThan(20 * megabyte)
  } finally {
    child.kill('SIGKILL')
  }
})
