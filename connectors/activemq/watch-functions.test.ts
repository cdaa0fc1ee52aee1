import { expect, test } from 'vitest'
import { openManualClock } from '../../tests/support/manual-clock.ts'
import { functionStatusSchema } from './function-status.ts'
import { watchFunctions } from './watch-functions.ts'

const one = functionStatusSchema.parse({ name: 'process' })

const watch = (list: (signal: AbortSignal) => Promise<readonly (typeof one)[]>) => {
  const clock = openManualClock()
  const lines: string[] = []
  const heard: string[][] = []
  const askedAtMs: number[] = []
  const stopping = new AbortController()
  const add = (_: object, message: string): void => void lines.push(message)
  const watching = watchFunctions({
    list: (signal) => {
      askedAtMs.push(clock.now())
      return list(signal)
    },
    intervalMs: 10_000,
    heard: (functions) => void heard.push(functions.map(({ name }) => name)),
    polled: () => undefined,
    clock,
    random: () => 0,
    log: { info: add, warn: add, error: add },
    signal: stopping.signal,
  })
  return { clock, lines, heard, askedAtMs, watching, stop: () => stopping.abort() }
}

test('The gateway is asked at once and then every interval', async () => {
  const { clock, heard, watching, stop } = watch(() => Promise.resolve([one]))
  await clock.advance(0)
  expect(heard).toEqual([['process']])
  await clock.advance(30_000)
  expect(heard).toHaveLength(4)
  stop()
  await watching
})

test('Hours without a gateway end nothing, cost one line, and what was heard before stays', async () => {
  let isUp = true
  const { clock, lines, heard, askedAtMs, watching, stop } = watch(() =>
    isUp ? Promise.resolve([one]) : Promise.reject(new Error('connect ECONNREFUSED')),
  )
  await clock.advance(0)
  isUp = false
  await clock.advance(3 * 3_600_000)
  expect(heard).toEqual([['process']])
  expect(lines).toEqual(['The gateway is out of reach: connect ECONNREFUSED. Trying again until it answers.'])
  isUp = true
  await clock.advance(10_000)
  expect(heard.length).toBeGreaterThan(1)
  expect(lines).toHaveLength(2)
  expect(lines[1]).toMatch(/^The gateway is back after \d+ s \(failed attempts: \d+\)\.$/)
  stop()
  await watching
  expect((askedAtMs[2] ?? 0) - (askedAtMs[1] ?? 0)).toBe(250)
})

test('Stopping does not wait for a gateway that does not answer', async () => {
  const { watching, stop, lines } = watch(
    (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('called off')))),
  )
  stop()
  await watching
  expect(lines).toEqual([])
})
