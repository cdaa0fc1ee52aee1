import { randomBytes } from 'node:crypto'
import { afterEach, expect, inject, test } from 'vitest'
import { BrokerUnavailable } from './broker-unavailable.ts'
import type { Broker, BrokerMessage } from './broker.ts'
import { openBroker, type BrokerOptions } from './open-broker.ts'
import { usualLimits } from './stomp-connection.ts'

const prefix = `open-broker-${randomBytes(4).toString('hex')}`
const opened: Broker[] = []
afterEach(() => Promise.all(opened.splice(0).map((broker) => broker.close())))

const open = (options: Partial<BrokerOptions> = {}) => {
  const lines: string[] = []
  const add = (_: object, message: string): void => void lines.push(message)
  const broker = openBroker({ url: inject('brokerUrl'), log: { info: add, warn: add, error: add }, ...options })
  opened.push(broker)
  return { broker, lines }
}

let queues = 0
const newQueue = (): string => `${prefix}.${(queues += 1)}`

/** Takes what is in a queue, acknowledging all, until told to stop. */
const listen = (broker: Broker, queue: string) => {
  const messages: BrokerMessage[] = []
  const subscription = broker.subscribe(queue, {
    prefetch: 10,
    async onMessage(message) {
      messages.push(message)
      await message.ack()
    },
  })
  const texts = (): string[] =>
    messages.map((message) => (message.content.kind === 'text' ? message.content.text : message.content.reason))
  return { messages, texts, subscription }
}

test('A broker is called only when it is needed', async () => {
  const { broker, lines } = open()
  expect(broker.status()).toEqual({ state: 'idle' })
  expect(lines).toEqual([])
  await broker.send(newQueue(), 'x')
  expect(broker.status()).toMatchObject({ state: 'connected' })
  expect(lines).toEqual(['connected to the broker'])
})

test.each(['', 'plain', '{"name":"Grüße \\u0000"}', 'a\u0000b', 'x'.repeat(300_000)])(
  'A body arrives as it was sent (%#)',
  async (body) => {
    const { broker } = open()
    const queue = newQueue()
    await broker.send(queue, body, { headers: { 'content-type': 'application/json', odd: 'a:b\nc\\d' } })
    const { messages, texts } = listen(broker, queue)
    await expect.poll(texts).toEqual([body])
    expect(messages[0]).toMatchObject({ queue, expiresAtMs: null, isRedelivered: false })
    expect(messages[0]?.headers).toMatchObject({ 'content-type': 'application/json', odd: 'a:b\nc\\d' })
  },
)

test('Header objects of the caller are left as they were, and can be used again', async () => {
  const { broker } = open()
  const headers = { sender: 'dispatch' }
  const queue = newQueue()
  await Promise.all([broker.send(queue, 'one', { headers }), broker.send(queue, 'two', { headers })])
  expect(headers).toEqual({ sender: 'dispatch' })
})

test('Nobody hears a message that has expired; one still valid says until when', async () => {
  const { broker } = open()
  const queue = newQueue()
  const sentAtMs = Date.now()
  await broker.send(queue, 'short', { expiresInMs: 1 })
  await broker.send(queue, 'long', { expiresInMs: 60_000 })
  await expect.poll(() => Date.now()).toBeGreaterThan(sentAtMs + 20)
  const { messages, texts } = listen(broker, queue)
  await expect.poll(texts).toEqual(['long'])
  expect(messages[0]?.expiresAtMs).toBeGreaterThanOrEqual(sentAtMs + 60_000)
  expect(messages[0]?.expiresAtMs).toBeLessThan(Date.now() + 60_000)
})

test('No more messages are in hand than were asked for, and all come in the end', async () => {
  const { broker } = open()
  const queue = newQueue()
  await Promise.all(Array.from({ length: 40 }, (_, n) => broker.send(queue, String(n))))
  const inHand = new Set<BrokerMessage>()
  let most = 0
  let taken = 0
  const subscription = broker.subscribe(queue, {
    prefetch: 3,
    onMessage(message) {
      inHand.add(message)
      most = Math.max(most, inHand.size)
    },
  })
  await expect.poll(() => inHand.size).toBe(3)
  while (taken < 40) {
    await expect.poll(() => inHand.size, { interval: 5 }).toBeGreaterThan(0)
    for (const message of inHand) {
      inHand.delete(message)
      taken += 1
      await message.ack()
    }
  }
  expect(most).toBe(3)
  await subscription.close()
})

test('While the prefetch changes all the time, every message is taken exactly once and the connection stays', async () => {
  const { broker, lines } = open()
  const queue = newQueue()
  const count = 500
  await Promise.all(Array.from({ length: count }, (_, n) => broker.send(queue, String(n))))
  const taken: string[] = []
  const subscription = broker.subscribe(queue, {
    prefetch: 1,
    async onMessage(message) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5))
      taken.push(message.content.kind === 'text' ? message.content.text : '?')
      subscription.setPrefetch(1 + (taken.length % 13))
      await message.ack()
    },
  })
  await expect.poll(() => taken.length, { timeout: 20_000 }).toBe(count)
  expect(new Set(taken).size).toBe(count)
  await subscription.close()
  expect(lines).toEqual(['connected to the broker'])
})

test('What is given back comes again at once, and the place can be used', async () => {
  const { broker, lines } = open()
  const queue = newQueue()
  const taken: BrokerMessage[] = []
  broker.subscribe(queue, {
    prefetch: 1,
    async onMessage(message) {
      taken.push(message)
      if (taken.length === 1) expect(await message.giveBack()).toBe('returned')
      else await message.ack()
    },
  })
  await broker.send(queue, 'x')
  await expect.poll(() => taken.length).toBe(2)
  expect(taken.map((message) => message.isRedelivered)).toEqual([false, true])
  await broker.send(queue, 'y')
  await expect.poll(() => taken.length).toBe(3)
  expect(lines).toEqual(['connected to the broker'])
})

test('A message whose headers are named like what objects own is taken like any other', async () => {
  const { broker } = open()
  const queue = newQueue()
  await broker.send(queue, 'x', { headers: { hasOwnProperty: '1', constructor: '2', sender: 'till 4' } })
  const { messages, texts } = listen(broker, queue)
  await expect.poll(texts).toEqual(['x'])
  expect(messages[0]?.headers).toMatchObject({ sender: 'till 4' })
})

test('A prefetch of nothing takes nothing, until it is raised', async () => {
  const { broker } = open()
  const queue = newQueue()
  const taken: string[] = []
  const subscription = broker.subscribe(queue, {
    prefetch: 0,
    async onMessage(message) {
      taken.push(message.id)
      await message.ack()
    },
  })
  await broker.send(queue, 'x')
  expect(taken).toEqual([])
  subscription.setPrefetch(1)
  await expect.poll(() => taken.length).toBe(1)
})

test('What nobody can read is laid aside with the reason, its own headers and its own bytes', async () => {
  const { broker } = open()
  const queue = newQueue()
  await broker.send(queue, 'gibberish', { headers: { sender: 'till 4' } })
  broker.subscribe(queue, {
    prefetch: 1,
    onMessage: async (message) => {
      expect(await message.deadLetter('it is no order')).toBe('settled')
    },
  })
  const { messages, texts } = listen(broker, `DLQ.${queue}`)
  await expect.poll(texts).toEqual(['gibberish'])
  expect(messages[0]?.headers).toMatchObject({
    sender: 'till 4',
    'dead-letter-reason': 'it is no order',
    'original-destination': `/queue/${queue}`,
  })
})

test('A message beyond all measure is laid aside whole by the broker, which keeps no reason', async () => {
  const { broker } = open()
  const queue = newQueue()
  const body = 'x'.repeat(5 * 1024 * 1024)
  await broker.send(queue, body, { isPersistent: true })
  const reasons: string[] = []
  broker.subscribe(queue, {
    prefetch: 1,
    largestBodyBytes: 9_999,
    onMessage: async (message) => {
      const reason = message.content.kind === 'unreadable' ? message.content.reason : 'readable'
      reasons.push(reason)
      await message.deadLetter(reason)
    },
  })
  const { messages } = listen(broker, `DLQ.${queue}`)
  await expect
    .poll(() => messages[0]?.content)
    .toMatchObject({ reason: expect.stringContaining(String(body.length)) as string })
  expect(reasons).toEqual([`its body of ${body.length} bytes is larger than the 9999 accepted`])
})

test('A message whose taker throws is laid aside, and its place is free for the next', async () => {
  const { broker } = open()
  const queue = newQueue()
  const taken: string[] = []
  broker.subscribe(queue, {
    prefetch: 1,
    async onMessage(message) {
      if (message.content.kind === 'text' && message.content.text === 'bad') throw new Error('a mistake')
      taken.push(message.id)
      await message.ack()
    },
  })
  await broker.send(queue, 'bad')
  await broker.send(queue, 'good')
  const { messages } = listen(broker, `DLQ.${queue}`)
  await expect.poll(() => messages[0]?.headers['dead-letter-reason']).toBe('taking it failed: a mistake')
  await expect.poll(() => taken.length).toBe(1)
})

test('Closing a subscription waits for the messages in hand, and later ones stay in the queue', async () => {
  const { broker } = open()
  const queue = newQueue()
  const inHand: BrokerMessage[] = []
  const subscription = broker.subscribe(queue, { prefetch: 1, onMessage: (message) => void inHand.push(message) })
  await broker.send(queue, 'first')
  await broker.send(queue, 'second')
  await expect.poll(() => inHand.length).toBe(1)
  let isClosed = false
  const closing = subscription.close().then(() => (isClosed = true))
  await broker.send(newQueue(), 'something else')
  expect(isClosed).toBe(false)
  expect(await inHand[0]?.ack()).toBe('settled')
  await closing
  expect(inHand).toHaveLength(1)
  const { texts } = listen(broker, queue)
  await expect.poll(texts).toEqual(['second'])
})

test('A message that was not settled when its broker was closed comes again, to another', async () => {
  const first = open().broker
  const queue = newQueue()
  const inHand: BrokerMessage[] = []
  first.subscribe(queue, { prefetch: 1, onMessage: (message) => void inHand.push(message) })
  await first.send(queue, 'still to do')
  await expect.poll(() => inHand.length).toBe(1)
  await first.close()
  expect(first.status()).toEqual({ state: 'closed' })
  expect(await inHand[0]?.ack()).toBe('returned')

  const { messages, texts } = listen(open().broker, queue)
  await expect.poll(texts).toEqual(['still to do'])
  expect(messages[0]?.isRedelivered).toBe(true)
})

test('What was acknowledged just before closing does not come again', async () => {
  const first = open().broker
  const queue = newQueue()
  let taken = 0
  first.subscribe(queue, {
    prefetch: 5,
    async onMessage(message) {
      taken += 1
      await message.ack()
    },
  })
  await Promise.all(Array.from({ length: 50 }, (_, n) => first.send(queue, String(n))))
  await expect.poll(() => taken).toBe(50)
  await first.close()
  const second = open().broker
  const { messages } = listen(second, queue)
  await second.send(queue, 'last')
  await expect.poll(() => messages.length).toBeGreaterThan(0)
  expect(messages.map((message) => message.isRedelivered)).toEqual([false])
})

test('A wrong password makes sending fail with the named fault and the broker’s own words, as one outage', async () => {
  const url = new URL(inject('brokerUrl'))
  url.password = 'wrong'
  const { broker, lines } = open({ url: url.href, sendWithinMs: 700 })
  const fault: unknown = await broker.send(newQueue(), 'x').catch((refusal: unknown) => refusal)
  expect(fault).toBeInstanceOf(BrokerUnavailable)
  expect(fault).toMatchObject({ retryable: true })
  expect(String(fault)).toMatch(/User name .* or password is invalid/)
  expect(String(fault)).not.toContain('wrong')
  await broker.send(newQueue(), 'x').catch(() => undefined)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^The broker is out of reach: User name/)
})

test('A changed secret is noticed at the next attempt', async () => {
  const url = new URL(inject('brokerUrl'))
  url.password = 'outdated'
  let secret = url.href
  const { broker, lines } = open({ url: () => secret })
  const sending = broker.send(newQueue(), 'x')
  await expect.poll(() => lines.length).toBe(1)
  secret = inject('brokerUrl')
  await sending
})

test('After closing, sending is refused at once', async () => {
  const { broker } = open()
  await broker.send(newQueue(), 'x')
  await broker.close()
  await expect(broker.send(newQueue(), 'y')).rejects.toThrow('the connection to the broker has been closed')
})

test('A connection without anything to say lives on by its heart-beats', async () => {
  const { broker, lines } = open({ limits: { ...usualLimits, heartBeatMs: 200 } })
  await broker.send(newQueue(), 'x')
  const connected = broker.status()
  const beganAtMs = Date.now()
  // The broker ends a connection that is silent for two and a half intervals.
  await expect.poll(() => Date.now() - beganAtMs).toBeGreaterThan(2_500)
  expect(broker.status()).toEqual(connected)
  expect(lines).toEqual(['connected to the broker'])
})
