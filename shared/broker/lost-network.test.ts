import { randomBytes } from 'node:crypto'
import { afterEach, expect, inject, test } from 'vitest'
import { openFreezableProxy } from '../../tests/support/freezable-proxy.ts'
import type { BrokerMessage } from './broker.ts'
import { openBroker } from './open-broker.ts'
import { usualLimits } from './stomp-connection.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Beats twenty times as fast as usual, so what takes up to 45 s there takes up to 2.25 s here. */
const limits = { ...usualLimits, heartBeatMs: 500, connectMs: 1_000, receiptMs: 60_000 }

/** A broker behind a proxy that can be frozen. */
const scene = async () => {
  const url = new URL(inject('brokerUrl'))
  const proxy = await openFreezableProxy({ host: url.hostname, port: Number(url.port) })
  url.port = String(proxy.port)
  const lines: string[] = []
  const add = (_: object, message: string): void => void lines.push(message)
  const broker = openBroker({
    url: url.href,
    log: { info: add, warn: add, error: add },
    limits,
    backOff: { firstMs: 50, ceilingMs: 500, provenAfterMs: 200 },
    sendWithinMs: 1_000,
  })
  closing.push(proxy.close, broker.close)
  return { proxy, broker, lines, queue: `lost-network-${randomBytes(4).toString('hex')}` }
}

const textOf = ({ content }: BrokerMessage): string => (content.kind === 'text' ? content.text : content.reason)

test('Whose connection is lost in silence notices by the heart-beats, gets back what it had in hand, and what follows', async () => {
  const { proxy, broker, lines, queue } = await scene()
  const taken: BrokerMessage[] = []
  broker.subscribe(queue, {
    prefetch: 2,
    async onMessage(message) {
      taken.push(message)
      if (taken.length > 1) await message.ack()
    },
  })
  await broker.send(queue, 'in hand')
  await expect.poll(() => taken.map(textOf)).toEqual(['in hand'])

  proxy.freezeOpen()
  // Two windows of 2.25 intervals at most, and what a busy machine adds.
  await expect.poll(() => broker.connections()).toBe(2)
  await broker.send(queue, 'after')
  // The broker, too, misses the beats: it has taken back what was not acknowledged.
  await expect.poll(() => taken.map(textOf).toSorted()).toEqual(['after', 'in hand', 'in hand'])
  expect(await taken[0]?.ack()).toBe('returned')
  await expect.poll(() => lines.some((line) => line.startsWith('The broker is back after'))).toBe(true)
  expect(lines.filter((line) => line.includes('out of reach'))).toHaveLength(1)
})

test('While nothing at all comes through, a sender is told in time and attempts end; when the network is back all goes on', async () => {
  const { proxy, broker, queue } = await scene()
  const taken: string[] = []
  broker.subscribe(queue, {
    prefetch: 1,
    async onMessage(message) {
      taken.push(textOf(message))
      await message.ack()
    },
  })
  await broker.send(queue, 'before')
  await expect.poll(() => taken).toEqual(['before'])
  proxy.freeze()
  await expect(broker.send(queue, 'into the void')).rejects.toMatchObject({
    name: 'BrokerUnavailable',
    retryable: true,
  })
  await expect
    .poll(() => broker.status())
    .toMatchObject({ state: 'down', reason: 'the broker did not answer within 1000 ms' })
  proxy.thaw()
  await expect.poll(() => broker.status().state).toBe('connected')
  await broker.send(queue, 'after')
  await expect.poll(() => taken.at(-1)).toBe('after')
})

test('Closing does not wait for a network that is lost', async () => {
  const { proxy, broker, queue } = await scene()
  await broker.send(queue, 'x')
  proxy.freeze()
  const beganAtMs = performance.now()
  await broker.close()
  expect(performance.now() - beganAtMs).toBeLessThan(usualLimits.disconnectMs + 10_000)
})
