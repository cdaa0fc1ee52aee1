import { afterEach, describe, expect, it } from 'vitest'
import { identify, isAlive } from '../processes/identity.ts'
import { restartBackOff } from './back-off.ts'
import { supervise, type SupervisedProcess, type Supervision } from './supervised-process.ts'

let supervised: SupervisedProcess | undefined
afterEach(() => supervised?.stop())

function watch(code: string, more: Partial<Supervision> = {}) {
  const lines: string[] = []
  const ends: string[] = []
  supervised = supervise({
    command: () =>
      Promise.resolve({
        program: 'sh',
        args: ['-c', code],
        directory: '/',
        environment: { PATH: process.env['PATH'] },
      }),
    graceMs: 5_000,
    backOff: () => 1,
    onLines: (more) => lines.push(...more),
    onEnd: (how) => ends.push(how),
    ...more,
  })
  return { process: supervised, lines, ends }
}

describe('a supervised process', () => {
  it('is started again after every end, waiting longer each time', async () => {
    const waits: number[] = []
    const backOff = (failures: number) => {
      waits.push(failures)
      return 1
    }
    const { ends } = watch('exit 3', { backOff })
    await expect.poll(() => ends.length).toBeGreaterThan(3)
    expect(ends[0]).toBe('ended with 3')
    expect(waits.slice(0, 3)).toEqual([1, 2, 3])
  })

  it('that lived well counts its next failure as the first', async () => {
    const waits: number[] = []
    const backOff = (failures: number) => {
      waits.push(failures)
      return 1
    }
    watch('exit 3', { backOff, soundAfterMs: -1 })
    await expect.poll(() => waits.length).toBeGreaterThan(2)
    expect(new Set(waits)).toEqual(new Set([1]))
  })

  it('whose program does not exist says so, and is tried again', async () => {
    const command = () => Promise.resolve({ program: '/no/such/program', args: [], directory: '/', environment: {} })
    const { ends } = watch('', { command })
    await expect.poll(() => ends.length).toBeGreaterThan(1)
    expect(ends[0]).toContain('could not be started')
  })

  it('gives whole lines of both streams, however they were cut', async () => {
    const { lines } = watch('printf one; printf "\\ntwo\\n"; printf three >&2; sleep 1000')
    await expect.poll(() => lines).toEqual(['one', 'two'])
    await supervised?.stop()
    expect(lines).toEqual(['one', 'two', 'three'])
  })

  it('is asked to end, and when it ended in time nothing is forced', async () => {
    const { process, lines, ends } = watch('trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done')
    await expect.poll(() => lines).toEqual(['ready'])
    await process.stop()
    expect(ends).toEqual(['ended with 7'])
    expect(process.restarts()).toBe(0)
  })

  it('that ignores the asking is ended by force with all it started', async () => {
    const { process, lines, ends } = watch('trap "" TERM; sleep 1000 & echo $!; wait; sleep 1000', { graceMs: 50 })
    await expect.poll(() => lines).toHaveLength(1)
    const grandchild = identify(Number(lines[0]))
    await process.stop()
    expect(ends).toEqual(['was ended by SIGKILL'])
    await expect.poll(() => grandchild !== undefined && isAlive(grandchild)).toBe(false)
  })

  it('takes nobody with it who left its group, and does not wait for their silence', async () => {
    const code = 'setsid sh -c "echo \\$\\$; exec sleep 1000" & sleep 0.3; exit 0'
    const { lines, ends } = watch(code, { backOff: () => 1_000_000 })
    await expect.poll(() => ends, { timeout: 10_000 }).toEqual(['ended with 0'])
    const stranger = identify(Number(lines[0]))
    expect(stranger).toBeDefined()
    process.kill(stranger?.pid ?? 0, 'SIGKILL')
  })

  it('can be stopped while it waits to be started again', async () => {
    const { process, ends } = watch('exit 1', { backOff: () => 1_000_000 })
    await expect.poll(() => ends).toHaveLength(1)
    await process.stop()
    expect(process.current()).toBeUndefined()
  })
})

it('the wait before a restart grows to ten seconds and no further', () => {
  const longest = [1, 2, 3, 10, 100].map((failures) => restartBackOff(failures))
  expect(longest[0]).toBeLessThanOrEqual(250)
  expect(longest[2]).toBeGreaterThanOrEqual(750)
  expect(longest[4]).toBeLessThanOrEqual(10_000)
})
