import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { Registry } from 'prom-client'
import { afterEach, expect, inject, test } from 'vitest'
import { openBroker } from '#broker/open-broker.ts'
import { listedFunction, openScriptedGateway, type Call } from '../../tests/support/scripted-gateway.ts'
import { parseMetrics } from '../../tests/support/parse-metrics.ts'
import { readConnectorSettings } from './read-settings.ts'
import { startConnector } from './start-connector.ts'

const prefix = `connector-${randomBytes(4).toString('hex')}`
let scenes = 0
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Our own port sends only text. */
const sendBytes = async (destination: string, body: Buffer): Promise<void> => {
  const { hostname, port, username, password } = new URL(inject('brokerUrl'))
  const socket = connect(Number(port), hostname)
  const heard = (word: string): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.on('data', (data) => data.includes(word) && resolve())
    })
  const connected = heard('CONNECTED')
  socket.write(`CONNECT\naccept-version:1.2\nhost:b\nlogin:${username}\npasscode:${password}\n\n\0`)
  await connected
  const confirmed = heard('RECEIPT')
  socket.write(`SEND\ndestination:${destination}\ncontent-length:${body.length}\nreceipt:1\n\n`)
  socket.write(Buffer.concat([body, Buffer.from([0])]))
  await confirmed
  socket.destroy()
}

/** A gateway whose functions the test answers for, a connector beside it, and a sender. */
const scene = async (options: { settings?: Record<string, string>; functions?: (topic: string) => object[] } = {}) => {
  const topic = `${prefix}.${(scenes += 1)}`
  const calls: Call[] = []
  const lines: string[] = []
  let functions = options.functions?.(topic) ?? [listedFunction('process', topic)]
  let onCall = (call: Call): void => call.answer(200)
  const gateway = await openScriptedGateway({
    functions: () => functions,
    onCall(call) {
      calls.push(call)
      onCall(call)
    },
  })
  closing.push(gateway.close)

  const add = (_: object, message: string): void => void lines.push(message)
  const log = { info: add, warn: add, error: add }
  const registry = new Registry()
  const settings = readConnectorSettings({ gateway_url: gateway.url, rebuild_interval: '100ms', ...options.settings })
  const connector = startConnector({
    settings,
    brokerUrl: () => inject('brokerUrl'),
    credentials: () => null,
    registry,
    log,
  })
  closing.push(connector.stop)

  const sender = openBroker({ url: inject('brokerUrl'), log: { ...log, info: () => undefined } })
  closing.push(sender.close)
  await expect.poll(() => connector.isReady()).toBe(true)
  return {
    topic,
    calls,
    lines,
    gateway,
    connector,
    registry,
    sender,
    send: (body: string, more: object = {}) => sender.send(topic, body, more),
    answerWith: (then: (call: Call) => void) => void (onCall = then),
    list: (listed: object[]) => void (functions = listed),
    /** What is left in a queue, taken out of it. */
    async leftIn(queue: string, marker = 'end of the queue'): Promise<{ text: string; reason: string | undefined }[]> {
      const left: { text: string; reason: string | undefined }[] = []
      await sender.send(queue, marker)
      const subscription = sender.subscribe(queue, {
        prefetch: 1,
        async onMessage(message) {
          const text = message.content.kind === 'text' ? message.content.text : message.content.reason
          left.push({ text, reason: message.headers['dead-letter-reason'] })
          await message.ack()
        },
      })
      await expect.poll(() => left.at(-1)?.text).toBe(marker)
      await subscription.close()
      return left.slice(0, -1)
    },
  }
}

test('A message comes to the function that names its queue, and is gone after the answer', async () => {
  const { topic, calls, send, connector, leftIn, registry } = await scene()
  await send('{"reductionId":7}', { headers: { 'content-type': 'application/json' } })
  await expect.poll(() => calls.length).toBe(1)
  expect(calls[0]).toMatchObject({
    functionName: 'process.openfaas-fn',
    body: '{"reductionId":7}',
    headers: { 'x-connector': 'activemq-connector', 'x-topic': topic, 'content-type': 'application/json' },
  })
  await expect.poll(() => registry.metrics()).toContain(`fate="acknowledged"} 1`)
  await connector.stop()
  expect(await leftIn(topic)).toEqual([])
})

test('A function that is away and comes back gets the message', async () => {
  const { calls, send, answerWith, connector, leftIn, topic } = await scene()
  answerWith((call) => call.answer(calls.length < 3 ? 503 : 200))
  await send('x')
  await expect.poll(() => calls.length).toBe(3)
  await connector.stop()
  expect(await leftIn(topic)).toEqual([])
  expect(calls).toHaveLength(3)
})

test('A held message whose time is over is let go', async () => {
  const { calls, lines, send, answerWith, connector, leftIn, topic } = await scene()
  answerWith((call) => call.answer(429))
  await send('x', { expiresInMs: 3_000 })
  await expect.poll(() => lines).toContain('done with: it expired before the function could take it')
  expect(calls.length).toBeGreaterThan(1)
  const before = calls.length
  answerWith((call) => call.answer(200))
  await send('next')
  await expect.poll(() => calls.at(-1)?.body).toBe('next')
  expect(calls).toHaveLength(before + 1)
  await connector.stop()
  expect(await leftIn(topic)).toEqual([])
})

test('A call longer than the message is valid is not repeated, and its end does not disturb the connection', async () => {
  const { calls, lines, send, answerWith, connector, leftIn, topic } = await scene()
  answerWith((call) => call.body === 'next' && call.answer(200))
  await send('long', { expiresInMs: 2_000 })
  await expect.poll(() => calls.length).toBe(1)
  // The broker looks for what has expired every 5 s, and does not tell; what is in hand must survive that.
  const beganAtMs = Date.now()
  await expect.poll(() => Date.now() - beganAtMs, { timeout: 15_000 }).toBeGreaterThan(8_000)
  calls[0]?.answer(200)
  await send('next')
  await expect.poll(() => calls.map((call) => call.body)).toEqual(['long', 'next'])
  expect(lines.filter((line) => line.includes('out of reach'))).toEqual([])
  await connector.stop()
  expect(await leftIn(topic)).toEqual([])
})

test('No more calls are under way than the replicas can take, and more as soon as there are more replicas', async () => {
  const replicas = (count: number, topic: string): object[] => [
    listedFunction('process', topic, { availableReplicas: count, envVars: { max_inflight: '2' } }),
  ]
  const { topic, calls, send, answerWith, list, connector } = await scene({ functions: (name) => replicas(2, name) })
  let underWay = 0
  let most = 0
  answerWith(() => {
    underWay += 1
    most = Math.max(most, underWay)
  })
  await Promise.all(Array.from({ length: 30 }, (_, n) => send(String(n))))
  await expect.poll(() => underWay).toBe(4)

  list(replicas(3, topic))
  await expect.poll(() => underWay).toBe(6)
  list(replicas(1, topic))
  const answerOne = (): void => {
    const call = calls.find(({ headers }) => headers['x-answered'] === undefined)
    if (!call) return
    call.headers['x-answered'] = 'yes'
    underWay -= 1
    call.answer(200)
  }
  await expect.poll(() => connector.topics()).toEqual([topic])
  while (calls.length < 30 || underWay > 0) {
    answerOne()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect(most).toBe(6)
  expect(new Set(calls.map((call) => call.body)).size).toBe(30)
  expect(calls).toHaveLength(30)
})

test('A slow function does not hold up another', async () => {
  const { topic, calls, sender, answerWith } = await scene({
    functions: (name) => [listedFunction('slow', `${name}.slow`), listedFunction('quick', `${name}.quick`)],
  })
  answerWith((call) => call.functionName.startsWith('quick') && call.answer(200))
  await Promise.all([1, 2, 3].map(() => sender.send(`${topic}.slow`, 'x')))
  await expect.poll(() => calls.length).toBe(1)
  await Promise.all(Array.from({ length: 20 }, () => sender.send(`${topic}.quick`, 'x')))
  await expect.poll(() => calls.filter((call) => call.functionName.startsWith('quick')).length).toBe(20)
  expect(calls).toHaveLength(21)
  for (const call of calls.filter(({ functionName }) => functionName.startsWith('slow'))) call.answer(200)
  answerWith((call) => call.answer(200))
})

test('Every function that names the queue gets the message', async () => {
  const { calls, send } = await scene({
    functions: (name) => [listedFunction('first', name), listedFunction('second', `other,${name}`)],
  })
  await send('x')
  await expect
    .poll(() => calls.map((call) => call.functionName).sort())
    .toEqual(['first.openfaas-fn', 'second.openfaas-fn'])
})

test('Where topics are given, other queues are left alone', async () => {
  const chosen = `${prefix}.chosen`
  const { topic, calls, sender, leftIn, connector } = await scene({
    settings: { topics: chosen },
    functions: (name) => [listedFunction('process', `${name},${chosen}`)],
  })
  expect(connector.topics()).toEqual([chosen])
  await sender.send(topic, 'other')
  await sender.send(chosen, 'chosen')
  await expect.poll(() => calls.map((call) => call.body)).toEqual(['chosen'])
  expect(await leftIn(topic)).toEqual([{ text: 'other', reason: undefined }])
})

test('A queue whose function is gone is left alone; its messages wait for the next one', async () => {
  const { topic, calls, send, list, connector } = await scene()
  list([])
  await expect.poll(() => connector.topics()).toEqual([])
  await send('waits')
  list([listedFunction('successor', topic)])
  await expect.poll(() => calls.map((call) => call.functionName)).toEqual(['successor.openfaas-fn'])
})

test('What is too large goes to the dead letters with the reason, and the next message is taken', async () => {
  const { topic, calls, send, leftIn } = await scene({ settings: { max_message_bytes: '100' } })
  await send('x'.repeat(101))
  await send('good')
  await expect.poll(() => calls.map((call) => call.body)).toEqual(['good'])
  expect(await leftIn(`DLQ.${topic}`)).toEqual([
    { text: 'x'.repeat(101), reason: 'its body of 101 bytes is larger than the 100 accepted' },
  ])
})

test('What is not UTF-8 goes to the dead letters with the reason and its own bytes', async () => {
  const { topic, calls, lines, send, leftIn } = await scene()
  await sendBytes(`/queue/${topic}`, Buffer.from([0x7b, 0xff, 0x00, 0x7d]))
  await send('good')
  await expect.poll(() => calls.map((call) => call.body)).toEqual(['good'])
  expect(await leftIn(`DLQ.${topic}`)).toEqual([{ text: 'its body is not UTF-8', reason: 'its body is not UTF-8' }])
  expect(lines).toContain('laid aside with the dead letters: its body is not UTF-8')
})

test('While the gateway is away messages wait, and the connector is there when it comes back', async () => {
  const { calls, lines, send, gateway, connector, topic, leftIn } = await scene()
  await gateway.close()
  await send('meanwhile')
  await expect.poll(() => lines.some((line) => line.startsWith('held: the gateway could not be reached'))).toBe(true)
  await expect.poll(() => lines.filter((line) => line.startsWith('The gateway is out of reach'))).toHaveLength(1)
  expect(calls).toEqual([])
  await gateway.reopen()
  await expect.poll(() => calls.map((call) => call.body)).toEqual(['meanwhile'])
  await expect.poll(() => lines.some((line) => line.startsWith('The gateway is back'))).toBe(true)
  await connector.stop()
  expect(await leftIn(topic)).toEqual([])
})

test('A call that is cut is done with: whoever sent the message knows what is still to be done', async () => {
  const { calls, lines, send, answerWith, connector, leftIn, topic } = await scene()
  answerWith((call) => call.cut())
  await send('x')
  await expect.poll(() => lines).toContain('done with: no answer came (socket hang up)')
  await connector.stop()
  expect(await leftIn(topic)).toEqual([])
  expect(calls).toHaveLength(1)
})

test('Stopping takes nothing more, lets the call under way end, and leaves the rest in the queue', async () => {
  const { calls, send, answerWith, connector, leftIn, topic } = await scene()
  answerWith(() => undefined)
  await send('under way')
  await expect.poll(() => calls.length).toBe(1)
  await send('later')
  const stopped = connector.stop()
  calls[0]?.answer(200)
  await stopped
  expect(connector.brokerStatus()).toEqual({ state: 'closed' })
  expect(await leftIn(topic)).toEqual([{ text: 'later', reason: undefined }])
  expect(calls).toHaveLength(1)
})

test('A call that outlasts the grace goes back to the queue, and so does what is held', async () => {
  const { calls, send, answerWith, connector, leftIn, topic } = await scene({
    settings: { shutdown_timeout: '200ms' },
    functions: (name) => [listedFunction('process', name, { availableReplicas: 2 })],
  })
  answerWith((call) => call.body === 'held' && call.answer(503))
  await send('endless')
  await send('held')
  await expect.poll(() => calls.length).toBeGreaterThanOrEqual(3)
  await connector.stop()
  expect((await leftIn(topic)).map(({ text }) => text).sort()).toEqual(['endless', 'held'])
})

test('What is measured says, for each queue and function, what is under way, held and done', async () => {
  const { topic, registry, send, calls, answerWith, sender } = await scene({
    settings: { max_message_bytes: '100' },
    functions: (name) => [listedFunction('process', name, { availableReplicas: 5 })],
  })
  const metric = async (name: string, labels: Record<string, string> = {}): Promise<number | undefined> =>
    parseMetrics(await registry.metrics()).find(
      (sample) =>
        sample.name === `activemq_connector_${name}` &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    )?.value
  const at = { topic, function: 'process.openfaas-fn' }
  const result = (what: string) => metric('deliveries_total', { ...at, result: what })
  answerWith((call) => {
    if (call.body === 'good') call.answer(200)
    if (call.body === 'bad') call.answer(500)
    if (call.body === 'cut') call.cut()
    if (call.body === 'busy' || call.body === 'late') call.answer(429)
  })
  await Promise.all(['good', 'bad', 'cut', 'busy', 'endless'].map((body) => send(body)))
  await send('x'.repeat(101))
  await send('late', { expiresInMs: 3_000 })
  await expect.poll(() => result('expired')).toBe(1)
  await expect.poll(() => metric('messages_total', { topic, fate: 'dead-lettered' })).toBe(1)
  await expect.poll(() => metric('messages_total', { topic, fate: 'acknowledged' })).toBe(4)
  expect([await result('succeeded'), await result('failed'), await result('cut')]).toEqual([1, 1, 1])
  await expect.poll(() => metric('messages_held', at)).toBe(1)
  await expect.poll(() => metric('calls_in_flight', at)).toBe(1)
  expect(await metric('messages_in_hand', { topic })).toBe(2)
  expect(await metric('holds_total', at)).toBeGreaterThan(1)
  expect(await metric('places', { topic })).toBe(5)
  expect(await metric('topic_listening', { topic })).toBe(1)
  expect(await metric('broker_connected')).toBe(1)
  expect(await metric('broker_reconnects_total')).toBe(0)
  expect(await metric('polls_total', { outcome: 'listed' })).toBeGreaterThan(0)
  expect(await metric('invocation_seconds_count', { function: at.function, answer: '500' })).toBe(1)

  answerWith((call) => call.answer(200))
  for (const call of calls.filter(({ body }) => body === 'endless')) call.answer(200)
  await expect.poll(() => metric('messages_in_hand', { topic })).toBe(0)
  expect([await metric('messages_held', at), await metric('calls_in_flight', at)]).toEqual([0, 0])
  await sender.send(`DLQ.${topic}`, 'end')
})

test('Through a storm of refusals no more are in hand than there are places, calls keep their pauses, and all come through once', async () => {
  const [count, places] = [500, 50]
  const { calls, send, answerWith, registry, topic } = await scene({
    functions: (name) => [listedFunction('process', name, { availableReplicas: places })],
  })
  answerWith((call) => call.answer(calls.length % 2 === 0 ? 429 : 503))
  await Promise.all(Array.from({ length: count }, (_, n) => send(String(n))))
  await expect.poll(() => calls.length).toBeGreaterThan(places * 4)
  const inHand = parseMetrics(await registry.metrics()).find(
    (sample) => sample.name === 'activemq_connector_messages_in_hand' && sample.labels['topic'] === topic,
  )
  expect(inHand?.value).toBe(places)
  // Only those in hand are called for, each after a pause that has grown.
  expect(new Set(calls.map((call) => call.body)).size).toBe(places)
  const began = calls.length
  const beganAtMs = performance.now()
  await expect.poll(() => performance.now() - beganAtMs).toBeGreaterThan(2_000)
  // From the fourth time on a message rests for at least 800 ms.
  expect(calls.length - began).toBeLessThanOrEqual(places * Math.ceil((performance.now() - beganAtMs) / 800 + 1))

  const served = new Map<string, number>()
  answerWith((call) => {
    served.set(call.body, (served.get(call.body) ?? 0) + 1)
    call.answer(200)
  })
  await expect.poll(() => served.size, { timeout: 150_000 }).toBe(count)
  expect([...served.values()].every((times) => times === 1)).toBe(true)
}, 200_000)

test('A function removed while a call is under way: the call ends as it ends; what is held waits in the queue for the next one', async () => {
  const { calls, send, answerWith, list, lines, connector, topic } = await scene({
    functions: (name) => [listedFunction('process', name, { availableReplicas: 2 })],
  })
  answerWith((call) => call.body === 'held' && call.answer(503))
  await send('under way')
  await send('held')
  await expect.poll(() => new Set(calls.map((call) => call.body)).size).toBe(2)
  answerWith((call) => call.answer(404))
  list([])
  await expect.poll(() => connector.topics()).toEqual([])
  await expect.poll(() => lines).toContain('let go: the function no longer listens to this queue')
  calls.find((call) => call.body === 'under way')?.answer(200)
  const before = calls.length
  answerWith((call) => call.answer(200))
  list([listedFunction('successor', topic)])
  await expect
    .poll(() => calls.slice(before).map(({ functionName, body }) => `${functionName} ${body}`))
    .toEqual(['successor.openfaas-fn held'])
})

test('A function that is removed and answers 404 before the gateway’s list says so loses nothing', async () => {
  const { calls, send, answerWith, list, lines, topic } = await scene({ settings: { rebuild_interval: '2s' } })
  answerWith((call) => {
    list([])
    call.answer(404)
  })
  await send('precious')
  await expect.poll(() => lines).toContain('let go: the function no longer listens to this queue')
  answerWith((call) => call.answer(200))
  list([listedFunction('successor', topic)])
  await expect
    .poll(() => calls.map(({ functionName }) => functionName))
    .toEqual(['process.openfaas-fn', 'successor.openfaas-fn'])
})

test('A function that asks for every queue gets none, is told of once, and takes nothing from others', async () => {
  const { topic, calls, send, lines, connector } = await scene({
    functions: (name) => [listedFunction('greedy', '>'), listedFunction('process', name)],
  })
  expect(connector.topics()).toEqual([topic])
  await send('x')
  await expect.poll(() => calls.map((call) => call.functionName)).toEqual(['process.openfaas-fn'])
  expect(lines.filter((line) => line.startsWith('greedy.openfaas-fn asks for the topic ">"'))).toHaveLength(1)
})

test('A function scaled to nothing is woken by a call', async () => {
  const { calls, send, answerWith, lines, topic } = await scene({
    functions: (name) => [listedFunction('process', name, { availableReplicas: 0 })],
  })
  expect(lines).toContain(`${topic} leads to process.openfaas-fn, 1 at once`)
  answerWith((call) => call.answer(calls.length === 1 ? 503 : 200))
  await send('wake up')
  await expect.poll(() => calls.length).toBe(2)
})

test('A changed max_inflight changes how many are taken at once', async () => {
  const limited = (limit: string, name: string): object[] => [
    listedFunction('process', name, { envVars: { max_inflight: limit } }),
  ]
  const { topic, calls, send, answerWith, list } = await scene({ functions: (name) => limited('1', name) })
  answerWith(() => undefined)
  await Promise.all(['a', 'b', 'c', 'd'].map((body) => send(body)))
  await expect.poll(() => calls.length).toBe(1)
  list(limited('3', topic))
  await expect.poll(() => calls.length).toBe(3)
  for (const call of calls) call.answer(200)
  await expect.poll(() => calls.length).toBe(4)
  calls[3]?.answer(200)
})

test('Of two connectors on one queue each message goes through one, and what one leaves the other takes', async () => {
  const first = await scene()
  const second = await scene({ functions: () => [listedFunction('process', first.topic)] })
  first.answerWith(() => undefined)
  second.answerWith(() => undefined)
  await first.send('a')
  await first.send('b')
  await expect.poll(() => first.calls.length + second.calls.length).toBe(2)
  expect([first.calls[0]?.body, second.calls[0]?.body].sort()).toEqual(['a', 'b'])
  second.answerWith((call) => call.answer(200))
  second.calls[0]?.answer(200)
  const stopped = first.connector.stop()
  await first.gateway.close()
  await stopped
  await first.send('c')
  await expect.poll(() => second.calls.map((call) => call.body)).toContain('c')
})

test('Ready means connected and told by the gateway; what is measured can be read', async () => {
  const { topic, registry, connector, lines } = await scene()
  expect(connector.isReady()).toBe(true)
  const metrics = await registry.metrics()
  expect(metrics).toContain('activemq_connector_broker_connected 1')
  expect(metrics).toContain(`activemq_connector_places{topic="${topic}"} 1`)
  expect(lines).toContain(`${topic} leads to process.openfaas-fn, 1 at once`)
  await connector.stop()
  expect(connector.isReady()).toBe(false)
})
