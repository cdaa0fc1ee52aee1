import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { makeAuthority } from '../../tests/support/certificates.ts'
import { startSecuredBroker } from '../../tests/support/secured-broker.ts'
import { noCertificates, type BrokerCertificates } from './broker-certificates.ts'
import { BrokerUnavailable } from './broker-unavailable.ts'
import type { Broker } from './broker.ts'
import { openBroker, type BrokerOptions } from './open-broker.ts'
import { usualLimits } from './stomp-connection.ts'

type Authority = Awaited<ReturnType<typeof makeAuthority>>
type Secured = Awaited<ReturnType<typeof startSecuredBroker>>
let [ours, others] = [] as unknown as [Authority, Authority]
let activeMq: Secured
const issueGood = () => ours.issue('broker', 'DNS:localhost')

beforeAll(async () => {
  ours = await makeAuthority('ours')
  others = await makeAuthority('others')
  activeMq = await startSecuredBroker(ours.certificate, await issueGood())
}, 180_000)
afterAll(async () => {
  await activeMq.remove()
  ours.remove()
  others.remove()
})

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const open = (url: string, certificates: Partial<BrokerCertificates>, more: Partial<BrokerOptions> = {}) => {
  const lines: string[] = []
  const add = (_: object, message: string): void => void lines.push(message)
  const broker = openBroker({
    url,
    certificates: () => ({ ...noCertificates, ...certificates }),
    log: { info: add, warn: add, error: add },
    backOff: { firstMs: 50, ceilingMs: 200, provenAfterMs: 300 },
    sendWithinMs: 10_000,
    ...more,
  })
  closing.push(broker.close)
  return { broker, lines }
}

const take = (broker: Broker, queue: string) => {
  const taken: string[] = []
  const subscription = broker.subscribe(queue, {
    prefetch: 2,
    async onMessage(message) {
      taken.push(message.content.kind === 'text' ? message.content.text : message.content.reason)
      await message.ack()
    },
  })
  return { taken, subscription }
}

test('Over TLS messages go and come, heart-beats keep the connection, and no frame waits for another’s acknowledgement', async () => {
  const limits = { ...usualLimits, heartBeatMs: 300 }
  const { broker, lines } = open(activeMq.tlsUrl, { authority: ours.certificate }, { limits })
  const { taken } = take(broker, 'open.tls')
  const timesMs: number[] = []
  for (let count = 0; count < 20; count += 1) {
    const beganAtMs = performance.now()
    await broker.send('open.tls', String(count))
    timesMs.push(performance.now() - beganAtMs)
  }
  await expect.poll(() => taken).toHaveLength(20)
  // Without TCP_NODELAY none takes less than 40 ms.
  expect(Math.min(...timesMs)).toBeLessThan(35)
  const beganAtMs = performance.now()
  await expect.poll(() => performance.now() - beganAtMs).toBeGreaterThan(3_000)
  expect(broker.connections()).toBe(1)
  expect(lines).toEqual(['connected to the broker'])
})

test('A broker that asks who we are is shown our certificate', async () => {
  const { certificate, key } = await ours.issue('connector', 'DNS:connector')
  const { broker } = open(activeMq.mutualUrl, { authority: ours.certificate, certificate, key })
  await broker.send('open.mutual', 'x')
})

/** A plain port may answer TLS's greeting at one attempt and be silent at the next: that depends on its random bytes. */
const asIfItAnswered = (line: string): string => line.replace(/did not begin TLS within \d+ ms/, 'does not speak TLS')

/**
 * What is sent in vain, and what the log and the sender are told.
 * @param connectMs longer than a busy machine takes to answer: of a broker that is silent at first, the log would have two sentences
 */
const inVain = async (url: string, certificates: Partial<BrokerCertificates>, connectMs = 20_000) => {
  const { broker, lines } = open(url, certificates, {
    sendWithinMs: 3_000,
    limits: { ...usualLimits, connectMs },
  })
  const fault: unknown = await broker.send('open.vain', 'x').catch((refusal: unknown) => refusal)
  expect(fault).toBeInstanceOf(BrokerUnavailable)
  await expect.poll(() => lines, { timeout: 2 * connectMs }).not.toHaveLength(0)
  const [line = '', ...later] = lines.map(asIfItAnswered)
  const { password } = new URL(activeMq.plainUrl)
  expect(`${String(fault)} ${lines.join(' ')}`).not.toContain(password)
  expect(line).toContain('The broker is out of reach: ')
  expect(line.endsWith('. Trying again until it answers.')).toBe(true)
  const reason = line.slice('The broker is out of reach: '.length, -'. Trying again until it answers.'.length)
  expect(later.filter((other) => other !== `The broker is still out of reach, now because ${reason}.`)).toEqual([])
  return reason
}

test('A certificate from elsewhere is refused, whatever the environment says, with a sentence that names the secret', async () => {
  const [certificate] = [`the certificate of localhost:${activeMq.tlsPort}`]
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  try {
    expect(await inVain(activeMq.tlsUrl, { authority: others.certificate })).toMatch(
      `${certificate} does not come from the authority in the secret broker-ca (`,
    )
    expect(await inVain(activeMq.tlsUrl, {})).toMatch(
      /comes from no authority that is trusted here \([A-Z_]+\); its authority belongs into the secret broker-ca$/,
    )
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  }
})

test('A certificate for another name is refused with the names it is for', async () => {
  expect(await inVain(activeMq.tlsUrlByNumber, { authority: ours.certificate })).toBe(
    `the certificate of 127.0.0.1:${activeMq.tlsPort} is for another name (DNS:localhost)`,
  )
})

test('Where one side speaks TLS and the other does not, the sentence says which', async () => {
  const plainPort = new URL(activeMq.plainUrl).port
  const plain = activeMq.plainUrl.replace('stomp:', 'stomp+ssl:')
  expect(await inVain(plain, { authority: ours.certificate }, 2_500)).toBe(
    `127.0.0.1:${plainPort} does not speak TLS; an address without TLS begins with stomp:`,
  )
  expect(await inVain(activeMq.tlsUrl.replace('stomp+ssl:', 'stomp:'), {})).toBe(
    `localhost:${activeMq.tlsPort} speaks TLS; its address begins with stomp+ssl:`,
  )
})

test('A broker that asks who we are refuses us without a certificate or with one from elsewhere', async () => {
  expect(await inVain(activeMq.mutualUrl, { authority: ours.certificate })).toMatch(
    /^the broker wants to see a client certificate \([a-z ]+\); it belongs into the secrets broker-certificate and broker-key$/,
  )
  const { certificate, key } = await others.issue('connector', 'DNS:connector')
  expect(await inVain(activeMq.mutualUrl, { authority: ours.certificate, certificate, key })).toMatch(
    /^the broker does not accept the client certificate in the secret broker-certificate \([a-z ]+\)$/,
  )
})

test('Without a secret, the authorities count that the machine trusts', async () => {
  const folder = ours.folder
  const authorities = join(folder, 'machine.pem')
  writeFileSync(authorities, ours.certificate)
  const child = spawn(process.execPath, [join(import.meta.dirname, 'send-once.fixture.ts'), 'open.system'], {
    env: { PATH: process.env['PATH'], SSL_CERT_FILE: authorities, BROKER_URL: activeMq.tlsUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = text(child.stdout)
  await once(child, 'close')
  expect(await said).toBe('sent\n')
})

test('A broker that comes back with an expired certificate is told of once, though the outage began otherwise; with a good one all goes on', async () => {
  const { broker, lines } = open(activeMq.tlsUrl, { authority: ours.certificate })
  const { taken } = take(broker, 'open.expiring')
  await broker.send('open.expiring', 'before')
  await expect.poll(() => taken).toEqual(['before'])

  activeMq.kill()
  await expect.poll(() => lines.filter((line) => line.startsWith('The broker is out of reach'))).toHaveLength(1)
  await activeMq.show(await ours.issue('broker', 'DNS:localhost', -1))
  await activeMq.startAgain()
  const sentence = `The broker is still out of reach, now because the certificate of localhost:${activeMq.tlsPort}, or its authority's, has expired.`
  await expect.poll(() => lines).toContain(sentence)

  activeMq.kill()
  await activeMq.show(await issueGood())
  await activeMq.startAgain()
  await expect.poll(() => broker.status().state, { timeout: 30_000 }).toBe('connected')
  await broker.send('open.expiring', 'after')
  await expect.poll(() => taken.at(-1)).toBe('after')
  await expect.poll(() => lines.some((line) => line.startsWith('The broker is back after'))).toBe(true)
  expect(lines.filter((line) => line === sentence)).toHaveLength(1)
}, 180_000)

test('A queue that we may not read is told of once and ends no other; a message that we may not send is refused alone', async () => {
  const { broker, lines } = open(activeMq.plainUrl, {})
  const readable = take(broker, 'open.readable')
  const closed = take(broker, 'closed.queue')
  await expect
    .poll(() => lines)
    .toContain(
      'The queue closed.queue is out of reach: User autoreduction is not authorized to read from: queue://closed.queue. Trying again until it answers.',
    )
  await expect.poll(() => readable.subscription.isListening()).toBe(true)
  expect(closed.subscription.isListening()).toBe(false)
  closed.subscription.setPrefetch(5)
  await broker.send('closed.queue', 'for others')
  const refused: unknown = await broker.send('DLQ.unsorted.sent', 'x').catch((fault: unknown) => fault)
  expect(refused).toMatchObject({ name: 'BrokerUnavailable', isLasting: true })
  expect(String(refused)).toContain('not authorized to write to: queue://DLQ.unsorted.sent')
  await broker.send('open.readable', 'x')
  await expect.poll(() => readable.taken).toEqual(['x'])
  await closed.subscription.close()
  expect(closed.taken).toEqual([])
  expect(broker.connections()).toBe(1)
  expect(lines).toHaveLength(2)
})

test('Where we may not write the dead letters, the broker itself lays the message aside: it is not lost', async () => {
  const { broker, lines } = open(activeMq.plainUrl, {})
  const settled: string[] = []
  broker.subscribe('unsorted.orders', {
    prefetch: 1,
    onMessage: async (message) => void settled.push(await message.deadLetter('nobody can read it')),
  })
  await broker.send('unsorted.orders', 'gibberish', { isPersistent: true })
  await expect.poll(() => settled).toEqual(['settled'])
  // The broker has made the queue now, so that we may read it.
  const { taken } = take(broker, 'DLQ.unsorted.orders')
  await expect.poll(() => taken).toEqual(['gibberish'])
  expect(broker.connections()).toBe(1)
  expect(lines).toEqual(['connected to the broker'])
})
