import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runCron } from './run-cron.ts'
import { scheduledFunctions } from './scheduled-functions.ts'

const scheduled = (name: string, schedule: string) =>
  scheduledFunctions([{ name, annotations: { topic: 'cron-function', schedule } }]).scheduled

beforeEach(() => vi.useFakeTimers({ now: new Date('2026-11-22T21:56:06.500Z') }))
afterEach(() => vi.useRealTimers())

describe('cron', () => {
  it('calls at the beat, without drifting, and stops', () => {
    const calls: string[] = []
    const cron = runCron((address) => calls.push(`${address} ${new Date().toISOString()}`))
    cron.become(scheduled('detect', '@every 10s'))
    vi.advanceTimersByTime(30_000)
    expect(calls).toEqual([
      'detect 2026-11-22T21:56:16.500Z',
      'detect 2026-11-22T21:56:26.500Z',
      'detect 2026-11-22T21:56:36.500Z',
    ])
    cron.stop()
    vi.advanceTimersByTime(60_000)
    expect(calls).toHaveLength(3)
  })

  it('keeps the beat of a function that stays, and changes with one that changes', () => {
    const calls: string[] = []
    const cron = runCron((address) => calls.push(address))
    cron.become([...scheduled('a', '@every 10s'), ...scheduled('b', '@every 10s')])
    vi.advanceTimersByTime(9_000)
    cron.become([...scheduled('a', '@every 10s'), ...scheduled('b', '@every 20s')])
    vi.advanceTimersByTime(1_000)
    expect(calls).toEqual(['a'])
    cron.become(scheduled('b', '@every 20s'))
    vi.advanceTimersByTime(19_000)
    expect(calls).toEqual(['a', 'b'])
    cron.stop()
  })

  it('waits months without calling early', () => {
    const call = vi.fn()
    const cron = runCron(call)
    cron.become(scheduled('yearly', '@yearly'))
    vi.advanceTimersByTime(39 * 86_400_000)
    expect(call).not.toHaveBeenCalled()
    vi.advanceTimersByTime(86_400_000)
    expect(call).toHaveBeenCalledOnce()
    cron.stop()
  })

  it('runs only functions whose topic is exactly cron-function, and names faulty schedules', () => {
    const found = scheduledFunctions([
      { name: 'yes', namespace: 'openfaas-fn', annotations: { topic: 'cron-function', schedule: '@hourly' } },
      { name: 'other', annotations: { topic: 'cron-functions', schedule: '@hourly' } },
      { name: 'none', annotations: null },
      { name: 'odd', annotations: { topic: 'cron-function', schedule: 'often' } },
    ])
    expect(found.scheduled.map((one) => one.address)).toEqual(['yes.openfaas-fn'])
    expect(found.faulty).toEqual([{ address: 'odd', text: 'often' }])
  })
})
