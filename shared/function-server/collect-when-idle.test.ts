import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isTimeToCollect } from './collect-when-idle.ts'

const megabyte = 1024 * 1024

test('collects what is worth it, and only where there is nothing else to do', () => {
  const look = { usedBytes: 30 * megabyte, aliveBytes: 20 * megabyte, utilization: 0.01 }
  expect(isTimeToCollect(look)).toBe(true)
  expect(isTimeToCollect({ ...look, utilization: 0.3 })).toBe(false)
  expect(isTimeToCollect({ ...look, usedBytes: 21 * megabyte })).toBe(false)
  expect(isTimeToCollect({ ...look, aliveBytes: 28 * megabyte })).toBe(false)
  expect(isTimeToCollect({ ...look, usedBytes: 310 * megabyte, aliveBytes: 300 * megabyte })).toBe(false)
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
