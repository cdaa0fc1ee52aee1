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
  const { broker } = openTo(forgetful.url, 100)
  await expect(broker.send('q', 'x')).rejects.toThrow('the broker did not confirm within 100 ms')
  await expect
    .poll(() => broker.status())
    .toMatchObject({
      state: 'down',
      reason: 'the broker did not confirm SEND within 400 ms',
    })
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

test('Nobody listens there: sending fails with the reason', async () => {
  const { broker } = openTo('stomp://127.0.0.1:1', 300)
  await expect(broker.send('q', 'x')).rejects.toThrow(/ECONNREFUSED/)
})
