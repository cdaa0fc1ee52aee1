import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { BrokerUnavailable } from './broker-unavailable.ts'
import type { Broker } from './broker.ts'
import { openBroker } from './open-broker.ts'
import { usualLimits } from './stomp-connection.ts'

const greeting = 'CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0\n'
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A broker that behaves as no broker should: answers each piece of input with what `answer` says. */
const misbehave = async (answer: (input: string, socket: Socket) => void) => {
  const sockets = new Set<Socket>()
  let visits = 0
  const server: Server = createServer((socket) => {
    visits += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => answer(data.toString(), socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { url: `stomp://127.0.0.1:${port}`, visits: () => visits, open: () => sockets.size }
}

const openTo = (url: string, sendWithinMs = 1_000): { broker: Broker; lines: string[] } => {
  const lines: string[] = []
  const add = (_: object, message: string): void => void lines.push(message)
  const broker = openBroker({
    url,
    log: { info: add, warn: add, error: add },
    sendWithinMs,
    limits: { ...usualLimits, connectMs: 200, receiptMs: 400, disconnectMs: 200, heartBeatMs: 200 },
    backOff: { firstMs: 50, ceilingMs: 100, provenAfterMs: 60_000 },
  })
  closing.push(() => broker.close())
  return { broker, lines }
}

test('A broker that is silent after the connection is given up, and tried again', async () => {
  const silent = await misbehave(() => undefined)
  const { broker, lines } = openTo(silent.url)
  const fault: unknown = await broker.send('q', 'x').catch((refusal: unknown) => refusal)
  expect(fault).toBeInstanceOf(BrokerUnavailable)
  expect(String(fault)).toBe(
    'BrokerUnavailable: Could not send a message to q: the broker did not answer within 200 ms.',
  )
  expect(silent.visits()).toBeGreaterThan(1)
  expect(lines).toHaveLength(1)
})

test('A broker whose heart stops beating is left', async () => {
  const dying = await misbehave((input, socket) => {
    if (input.startsWith('CONNECT')) socket.write(greeting.replace('0,0', '200,200'))
  })
  const { broker } = openTo(dying.url)
  broker.subscribe('q', { prefetch: 1, onMessage: () => undefined })
  await expect.poll(() => broker.status()).toMatchObject({ state: 'connected' })
  await expect.poll(() => dying.visits()).toBeGreaterThan(1)
})

test('A broker that never confirms is left, and the sender told in time', async () => {
  const forgetful = await misbehave((input, socket) => {
    if (input.startsWith('CONNECT')) socket.write(greeting)
  })
  const { broker, lines } = openTo(forgetful.url, 100)
  await expect(broker.send('q', 'x')).rejects.toThrow('the broker did not confirm within 100 ms')
  await expect
    .poll(() => lines.filter((line) => line.includes('the broker did not confirm SEND within 400 ms')))
    .toHaveLength(1)
})

test('An ERROR frame ends the connection even if the broker keeps it open; what was under way is told the broker’s words', async () => {
  const refusing = await misbehave((input, socket) => {
    if (input.startsWith('CONNECT')) socket.write(greeting)
    if (input.includes('SEND\n')) socket.write('ERROR\nmessage:not authorised to write\n\n\0\n')
  })
  const { broker, lines } = openTo(refusing.url)
  const outcomes = await Promise.allSettled([broker.send('q', '1'), broker.send('q', '2')])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected'])
  expect(outcomes.map((outcome) => String(outcome.status === 'rejected' && outcome.reason))).toEqual(
    Array(2).fill('BrokerUnavailable: Could not send a message to q: not authorised to write.'),
  )
  await expect.poll(() => refusing.visits()).toBe(2)
  expect(refusing.open()).toBe(1)
  await broker.send('q', '3').catch(() => undefined)
  expect(lines.filter((line) => line.includes('out of reach'))).toHaveLength(1)
})

test.each([
  ['hangs up at once', (_: string, socket: Socket) => socket.destroy()],
  ['speaks HTTP', (_: string, socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n')],
  ['dies in the middle of a frame', (_: string, socket: Socket) => socket.end('CONNECTED\nversion:1')],
  ['sends a frame without end', (_: string, socket: Socket) => socket.write('x'.repeat(2_000_000))],
] as const)('A broker that %s makes sending fail in time and is not called in a tight loop', async (_, answer) => {
  const broken = await misbehave(answer)
  const { broker } = openTo(broken.url, 600)
  await expect(broker.send('q', 'x')).rejects.toBeInstanceOf(BrokerUnavailable)
  expect(broken.visits()).toBeLessThan(25)
})

test('A message that is cut off in its middle is never handed on, and its place is used again', async () => {
  const cutting = await misbehave((input, socket) => {
    if (input.startsWith('CONNECT')) socket.write(greeting)
    if (!input.includes('SUBSCRIBE')) return
    const isFirst = cutting.visits() === 1
    const id = /\nid:(\d+)/.exec(input)?.[1] ?? ''
    const head = `MESSAGE\nsubscription:${id}\nmessage-id:m\nack:a\ndestination:/queue/q\ncontent-length:4\n\n`
    socket.write(isFirst ? `${head}wo` : `${head}word\0\n`)
    if (isFirst) socket.end()
  })
  const { broker } = openTo(cutting.url)
  const texts: string[] = []
  broker.subscribe('q', {
    prefetch: 1,
    onMessage: (message) => void texts.push(message.content.kind === 'text' ? message.content.text : '?'),
  })
  await expect.poll(() => texts).toEqual(['word'])
})

/** Answers SUBSCRIBE's receipt and delivers what `headers` and a body say, once. */
const deliver = (headers: string) =>
  misbehave((input, socket) => {
    if (input.startsWith('CONNECT')) socket.write(greeting)
    const [, id, receipt] = /\nid:(\d+)[^]*\nreceipt:(\d+)/.exec(input) ?? []
    if (!input.includes('SUBSCRIBE') || id === undefined) return
    socket.write(`RECEIPT\nreceipt-id:${receipt}\n\n\0\n`)
    socket.write(`MESSAGE\nsubscription:${id}\nmessage-id:m\nack:a\n${headers}content-length:4\n\nword\0\n`)
  })

test.each([
  ['a header of 3 MB', `big:${'x'.repeat(3_000_000)}\n`],
  ['two thousand headers', Array.from({ length: 2_000 }, (_, n) => `h${n}:x\n`).join('')],
  ['headers named like what objects own', 'hasOwnProperty:1\nconstructor:2\n__proto__:3\ntoString:4\n'],
])('A message with %s is taken like any other: it would come again and again', async (_, headers) => {
  const odd = await deliver(headers)
  const { broker } = openTo(odd.url)
  const taken: string[] = []
  broker.subscribe('q', { prefetch: 1, onMessage: (message) => void taken.push(message.headers['message-id'] ?? '') })
  await expect.poll(() => taken).toEqual(['m'])
  expect(odd.visits()).toBe(1)
})

test('Where a broker ends the connection over a queue that it refuses, the others are served all the same', async () => {
  const strict = await misbehave((input, socket) => {
    if (input.startsWith('CONNECT')) socket.write(greeting)
    for (const frame of input.split('\0')) {
      const receipt = /\nreceipt:(\d+)/.exec(frame)?.[1]
      if (!frame.includes('SUBSCRIBE')) continue
      if (frame.includes('closed')) socket.end(`ERROR\nmessage:not for you\nreceipt-id:${receipt}\n\n\0`)
      else socket.write(`RECEIPT\nreceipt-id:${receipt}\n\n\0\n`)
    }
  })
  const { broker, lines } = openTo(strict.url)
  broker.subscribe('closed', { prefetch: 3, onMessage: () => undefined })
  const open = broker.subscribe('open', { prefetch: 3, onMessage: () => undefined })
  await expect.poll(() => strict.visits()).toBe(2)
  await expect.poll(() => open.isListening()).toBe(true)
  expect(lines.filter((line) => line.startsWith('The queue closed is out of reach: not for you'))).toHaveLength(1)
})

test('A broker that says our password back finds it in no line and no fault', async () => {
  const echoing = await misbehave((input, socket) => {
    socket.write(`ERROR\nmessage:what do you mean by ${input.replaceAll('\n', ' ').replaceAll('\0', '')}\n\n\0`)
  })
  const { broker, lines } = openTo(echoing.url.replace('//', '//user:hunter2@'), 300)
  const fault: unknown = await broker.send('q', 'x').catch((refusal: unknown) => refusal)
  expect(String(fault)).toContain('what do you mean by')
  expect(lines.length).toBeGreaterThan(0)
  expect(`${String(fault)} ${lines.join(' ')}`).not.toContain('hunter2')
})

test('Nobody listens there: sending fails with the reason', async () => {
  const { broker } = openTo('stomp://127.0.0.1:1', 300)
  await expect(broker.send('q', 'x')).rejects.toThrow(/ECONNREFUSED/)
})
