import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import type { BrokerMessage, MessageContent } from '#broker/broker.ts'
import { openManualClock } from '../../tests/support/manual-clock.ts'
import { deliverMessage, type Delivery } from './deliver-message.ts'
import { measureIn } from './measure.ts'
import type { Event } from './what-becomes-of-a-message.ts'

type Answer = Extract<Event, { kind: 'answered' | 'unreached' | 'cut' }>
const answered = (status: number): Answer => ({ kind: 'answered', status })

const nothingMeasured = { isBrokerConnected: () => true, brokerConnections: () => 1, isListening: () => new Map() }

const scene = (
  answer: (functionName: string, attempt: number) => Answer | Promise<Answer>,
  message: { expiresInMs?: number; content?: MessageContent; isByFunction?: boolean; isGatewayUp?: boolean } = {},
) => {
  const clock = openManualClock()
  const lines: string[] = []
  const calls: string[] = []
  const fates: string[] = []
  const add = (_: object, text: string): void => void lines.push(text)
  const gone = new Set<string>()
  let heard = 0
  const { isByFunction = false, isGatewayUp = true } = message
  const stopping = new AbortController()
  const abandoning = new AbortController()
  const on: Delivery = {
    async invoke(functionName) {
      calls.push(functionName)
      const attempt = calls.filter((name) => name === functionName).length
      const event = await answer(functionName, attempt)
      return { event, isByFunction, callId: 'c-1', text: 'the answer', seconds: 0 }
    },
    listens: (functionName) => !gone.has(functionName),
    hearAgain: () => {
      heard += 1
      return Promise.resolve(isGatewayUp)
    },
    printsResponse: false,
    printsResponseBody: false,
    clock,
    random: () => 0,
    log: { info: add, warn: add, error: add },
    measures: measureIn(new Registry(), nothingMeasured),
    stopping: stopping.signal,
    abandoning: abandoning.signal,
  }
  const given: BrokerMessage = {
    id: 'm-1',
    queue: 'Orders',
    headers: {},
    content: message.content ?? { kind: 'text', text: '{}' },
    expiresAtMs: message.expiresInMs === undefined ? null : clock.now() + message.expiresInMs,
    isRedelivered: false,
    ack() {
      fates.push('ack')
      return Promise.resolve('settled')
    },
    deadLetter(reason) {
      fates.push(`dead letter: ${reason}`)
      return Promise.resolve('settled')
    },
    giveBack() {
      fates.push('given back')
      return Promise.resolve('returned')
    },
  }
  const deliver = (...functions: string[]): Promise<void> => deliverMessage(given, functions, on)
  return {
    clock,
    lines,
    calls,
    fates,
    deliver,
    on,
    gone,
    heard: () => heard,
    stop: () => stopping.abort(),
    abandon: () => abandoning.abort(),
  }
}

test('A message is acknowledged after the answer, not before', async () => {
  const answer = Promise.withResolvers<Answer>()
  const { deliver, calls, fates, lines, clock } = scene(() => answer.promise)
  const delivering = deliver('a')
  await clock.advance(3_600_000)
  expect({ calls, fates }).toEqual({ calls: ['a'], fates: [] })
  answer.resolve(answered(200))
  await delivering
  expect(fates).toEqual(['ack'])
  expect(lines).toEqual([])
})

test('A function that is away is tried again until it answers; the log tells of it once', async () => {
  const { deliver, calls, fates, lines, clock } = scene((_, attempt) => answered(attempt < 6 ? 503 : 200))
  const delivering = deliver('a')
  await clock.advance(4_999)
  expect({ calls: calls.length, fates }).toEqual({ calls: 5, fates: [] })
  await clock.advance(1)
  await delivering
  expect({ calls: calls.length, fates }).toEqual({ calls: 6, fates: ['ack'] })
  expect(lines).toEqual(['held: the function is not there at the moment (503)'])
})

test('A held message that expires is acknowledged at that moment, without another call', async () => {
  const { deliver, calls, fates, lines, clock } = scene(() => answered(429), { expiresInMs: 1_000 })
  const delivering = deliver('a')
  await clock.advance(999)
  expect(fates).toEqual([])
  const callsBefore = calls.length
  await clock.advance(1)
  await delivering
  expect(fates).toEqual(['ack'])
  expect(calls).toHaveLength(callsBefore)
  expect(lines.at(-1)).toBe('done with: it expired before the function could take it')
})

test('A message that has expired already is not taken to anyone', async () => {
  const { deliver, calls, fates } = scene(() => answered(200), { expiresInMs: 0 })
  await deliver('a')
  expect({ calls, fates }).toEqual({ calls: [], fates: ['ack'] })
})

test('Of one that had expired long before it came it is said that clocks may differ: the broker hands on none that has by its own', async () => {
  const { deliver, fates, lines } = scene(() => answered(200), { expiresInMs: -37_000 })
  await deliver('a')
  expect(fates).toEqual(['ack'])
  expect(lines).toEqual([expect.stringMatching(/^done with: it had expired 37 s before it came; .* clocks .* differ$/)])
})

test.each([
  [answered(500), 'done with: the function answered 500'],
  [answered(404), 'done with: the function answered 404'],
  [answered(307), 'done with: the function answered 307, a redirection, which is not followed'],
  [answered(502), 'done with: the function answered 502'],
  [{ kind: 'cut', reason: 'socket hang up' } satisfies Answer, 'done with: no answer came (socket hang up)'],
])('After %j the message is done with, and the log says so', async (answer, line) => {
  const { deliver, calls, fates, lines } = scene(() => answer)
  await deliver('a')
  expect({ calls, fates, lines }).toEqual({ calls: ['a'], fates: ['ack'], lines: [line] })
})

test('While the gateway restarts, messages are held and not thrown away', async () => {
  const { deliver, fates, clock } = scene((_, attempt) =>
    attempt < 3 ? { kind: 'unreached', reason: 'connect ECONNREFUSED' } : answered(200),
  )
  const delivering = deliver('a')
  await clock.advance(599)
  expect(fates).toEqual([])
  await clock.advance(1)
  await delivering
  expect(fates).toEqual(['ack'])
})

test('Of several functions each is tried until it is done, without waiting for the others, and then the message is acknowledged', async () => {
  const { deliver, calls, fates, clock } = scene((name, attempt) =>
    answered(name === 'busy' && attempt < 3 ? 429 : 200),
  )
  const delivering = deliver('busy', 'free')
  await clock.advance(0)
  expect(calls).toEqual(['busy', 'free'])
  expect(fates).toEqual([])
  await clock.advance(600)
  await delivering
  expect(calls).toEqual(['busy', 'free', 'busy', 'busy'])
  expect(fates).toEqual(['ack'])
})

test('A held message whose function is gone goes back to its queue', async () => {
  const { deliver, calls, fates, gone, lines, clock } = scene(() => answered(503))
  const delivering = deliver('a')
  await clock.advance(250)
  gone.add('a')
  await clock.advance(2_000)
  await delivering
  expect({ calls, fates }).toEqual({ calls: ['a', 'a'], fates: ['given back'] })
  expect(lines.at(-1)).toBe('let go: the function no longer listens to this queue')
})

test('Where one function is gone and another has done its work, the message is done with', async () => {
  const { deliver, fates, gone, clock } = scene((name) => answered(name === 'gone' ? 503 : 200))
  const delivering = deliver('gone', 'there')
  await clock.advance(0)
  gone.add('gone')
  await clock.advance(2_000)
  await delivering
  expect(fates).toEqual(['ack'])
})

test('After 404 the gateway is asked: what it lists has answered itself, what it does not list any more was removed meanwhile', async () => {
  const listed = scene(() => answered(404))
  await listed.deliver('a')
  expect({ fates: listed.fates, heard: listed.heard() }).toEqual({ fates: ['ack'], heard: 1 })
  const removed = scene(() => {
    removed.gone.add('a')
    return answered(404)
  })
  await removed.deliver('a')
  expect({ fates: removed.fates, calls: removed.calls }).toEqual({ fates: ['given back'], calls: ['a'] })
})

test('Where the gateway does not tell after a 404, the message is held', async () => {
  const { deliver, fates, lines, clock, calls } = scene((_, attempt) => answered(attempt < 3 ? 404 : 200), {
    isGatewayUp: false,
  })
  const delivering = deliver('a')
  await clock.advance(5_000)
  await delivering
  expect({ calls: calls.length, fates }).toEqual({ calls: 3, fates: ['ack'] })
  expect(lines).toEqual(['held: the gateway could not be reached (it answered 404 and does not tell its functions)'])
})

test('A 404 that the function gave itself costs no question', async () => {
  const { deliver, fates, heard } = scene(() => answered(404), { isByFunction: true })
  await deliver('a')
  expect({ fates, heard: heard() }).toEqual({ fates: ['ack'], heard: 0 })
})

test('A clock that is set back or forward makes nobody call without a pause or wait for ever', async () => {
  const { deliver, fates, clock, calls, on } = scene((_, attempt) => answered(attempt < 30 ? 503 : 200), {
    expiresInMs: 3_600_000,
  })
  let attempts = 0
  // An hour back, then half an hour forward, and so on.
  const steps = [0, -3_600_000, 1_800_000, -7_200_000, 0]
  Object.assign(on, { clock: { ...clock, now: () => clock.now() + (steps[(attempts += 1) % steps.length] ?? 0) } })
  const delivering = deliver('a')
  await clock.advance(1_000)
  expect(calls.length).toBeLessThan(5)
  await clock.advance(60_000)
  await delivering
  expect(fates).toEqual(['ack'])
})

test('What nobody can read is laid aside with the reason and called to nobody', async () => {
  const content = { kind: 'unreadable', reason: 'its body is not UTF-8', held: null } as const
  const { deliver, calls, fates, lines } = scene(() => answered(200), { content })
  await deliver('a')
  expect({ calls, fates }).toEqual({ calls: [], fates: ['dead letter: its body is not UTF-8'] })
  expect(lines).toEqual(['laid aside with the dead letters: its body is not UTF-8'])
})

test('Stopping lets a held message go back at once, unsettled', async () => {
  const { deliver, fates, stop, clock } = scene(() => answered(503))
  const delivering = deliver('a')
  await clock.advance(10_000)
  stop()
  await delivering
  expect(fates).toEqual([])
})

test('Stopping waits for a call under way; if it is cut in the end, the message goes back', async () => {
  const answer = Promise.withResolvers<Answer>()
  const { deliver, fates, stop, abandon, clock } = scene(() => answer.promise)
  const delivering = deliver('a')
  stop()
  await clock.advance(10_000)
  abandon()
  answer.resolve({ kind: 'cut', reason: 'the connector is stopping' })
  await delivering
  expect(fates).toEqual([])
})

test('An answer that comes while stopping still counts', async () => {
  const answer = Promise.withResolvers<Answer>()
  const { deliver, fates, stop, clock } = scene(() => answer.promise)
  const delivering = deliver('a')
  stop()
  await clock.advance(10)
  answer.resolve(answered(200))
  await delivering
  expect(fates).toEqual(['ack'])
})

test('With print_response every answer is a line, with print_response_body its text too', async () => {
  const { deliver, lines, on } = scene(() => answered(200))
  Object.assign(on, { printsResponse: true, printsResponseBody: true })
  await deliver('a')
  expect(lines).toEqual(['done with: the function answered 200', 'the answer'])
})
