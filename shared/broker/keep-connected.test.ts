import { afterEach, expect, test } from 'vitest'
import { openManualClock } from '../../tests/support/manual-clock.ts'
import { brokerBackOff } from './back-off.ts'
import { BrokerUnavailable } from './broker-unavailable.ts'
import { keepConnected, type Supervised } from './keep-connected.ts'

const hour = 3_600_000
const stopping: AbortController[] = []
afterEach(() => stopping.splice(0).forEach((controller) => controller.abort()))

const listeningLog = () => {
  const lines: string[] = []
  const add = (_: object, message: string): void => void lines.push(message)
  return { lines, log: { info: add, warn: add, error: add } }
}

const fakeConnection = () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  let farewells = 0
  const disconnect = (): Promise<void> => {
    farewells += 1
    resolve('the connection was closed')
    return Promise.resolve()
  }
  return { closed: promise, end: resolve, disconnect, farewells: () => farewells }
}

const supervise = (connect: (signal: AbortSignal) => Promise<Supervised>) => {
  const clock = openManualClock()
  const { lines, log } = listeningLog()
  const controller = new AbortController()
  stopping.push(controller)
  const changes: string[] = []
  const attemptsAtMs: number[] = []
  const supervision = keepConnected({
    what: 'The broker',
    connect: (signal) => {
      attemptsAtMs.push(clock.now())
      return connect(signal)
    },
    onUp: () => void changes.push('up'),
    onDown: (reason) => void changes.push(`down: ${reason}`),
    backOff: brokerBackOff,
    clock,
    random: () => 0.5,
    log,
    signal: controller.signal,
  })
  return { clock, lines, supervision, changes, attemptsAtMs, stop: () => controller.abort() }
}

test('Hours without a broker cost one line in the log, and attempts no closer than half the ceiling', async () => {
  const { clock, lines, attemptsAtMs, supervision } = supervise(() => Promise.reject(new Error('connect ECONNREFUSED')))
  await clock.advance(3 * hour)
  expect(lines).toEqual(['The broker is out of reach: connect ECONNREFUSED. Trying again until it answers.'])
  expect(supervision.outage()).toMatchObject({ sinceMs: 1_000_000, reason: 'connect ECONNREFUSED' })
  expect(attemptsAtMs.length).toBeGreaterThan(1_000)
  expect(attemptsAtMs.length).toBeLessThan((3 * hour) / 5_000)
})

test('In one outage each reason that will not pass by itself is told once, a passing one only when it is the first', async () => {
  const reasons = [
    'certificate expired',
    'ECONNREFUSED',
    'wrong password',
    'ECONNREFUSED',
    'certificate expired',
    'timeout',
  ]
  const faults = ['ECONNRESET', ...reasons].map(
    (reason) => new BrokerUnavailable('connect', reason, { isLasting: !/^[Et]/.test(reason) }),
  )
  let attempt = 0
  const { clock, lines, supervision } = supervise(() =>
    Promise.reject(faults[attempt++ % faults.length] ?? new Error()),
  )
  await clock.advance(hour)
  expect(attempt).toBeGreaterThan(100)
  expect(lines).toEqual([
    'The broker is out of reach: ECONNRESET. Trying again until it answers.',
    'The broker is still out of reach, now because certificate expired.',
    'The broker is still out of reach, now because wrong password.',
  ])
  expect(supervision.outage()?.reason).toBe(faults[(attempt - 1) % faults.length]?.reason)
})

test('A broker that accepts and then throws us out is called ever more slowly, as one outage', async () => {
  const { clock, lines, attemptsAtMs } = supervise(() => {
    const connection = fakeConnection()
    connection.end('not authorized')
    return Promise.resolve(connection)
  })
  await clock.advance(10 * 60_000)
  expect(attemptsAtMs.length).toBeLessThan(100)
  expect(lines).toHaveLength(1)
})

test('The delay falls back, and the outage is over, only after a connection has lived', async () => {
  const lives: ReturnType<typeof fakeConnection>[] = []
  let isRefused = true
  const { clock, lines, attemptsAtMs, changes } = supervise(() => {
    if (isRefused) return Promise.reject(new Error('refused'))
    const connection = fakeConnection()
    lives.push(connection)
    return Promise.resolve(connection)
  })
  await clock.advance(5 * 60_000)
  isRefused = false
  for (let second = 0; second < 10 && lives.length === 0; second += 1) await clock.advance(1_000)
  expect(changes).toEqual(['up'])

  lives[0]?.end('too young')
  await clock.advance(1_000)
  expect(lives).toHaveLength(1)
  await clock.advance(9_000)
  expect(lives).toHaveLength(2)
  expect(lines).toHaveLength(1)

  await clock.advance(brokerBackOff.provenAfterMs)
  expect(lines[1]).toMatch(/^The broker is back after \d+ s \(failed attempts: \d+\)\.$/)
  const endedAtMs = clock.now()
  lives[1]?.end('restarted')
  await clock.advance(brokerBackOff.firstMs)
  expect(lives).toHaveLength(3)
  expect((attemptsAtMs.at(-1) ?? 0) - endedAtMs).toBe(150)
  expect(lines[2]).toBe('The broker is out of reach: restarted. Trying again until it answers.')
})

test('Stopping ends the waiting between two attempts at once', async () => {
  const { clock, supervision, stop } = supervise(() => Promise.reject(new Error('refused')))
  await clock.advance(60_000)
  stop()
  await supervision.ended
  expect(clock.sleeping()).toBe(0)
})

test('Stopping says good-bye to the connection, also to one that comes too late', async () => {
  const connection = fakeConnection()
  const opening = Promise.withResolvers<Supervised>()
  const { supervision, stop, changes } = supervise(() => opening.promise)
  stop()
  opening.resolve(connection)
  await supervision.ended
  expect(connection.farewells()).toBe(1)
  expect(changes).toEqual(['up', 'down: the connection was closed'])
})
