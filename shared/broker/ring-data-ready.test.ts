import { randomBytes } from 'node:crypto'
import { afterAll, expect, inject, test } from 'vitest'
import { dataReadySchema } from '#contracts/data-ready.ts'
import type { BrokerMessage } from './broker.ts'
import { openBroker } from './open-broker.ts'
import { ringDataReady } from './ring-data-ready.ts'

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
const broker = openBroker({ url: inject('brokerUrl'), log: quiet })
afterAll(() => broker.close())

const queue = `ring-${randomBytes(4).toString('hex')}`
const bell = (reductionId: number) => ({ reductionId, instrument: 'MARI', runNumbers: [24_000 + reductionId] })

test('A thousand bells are rung together, each as its contract says, and expire after 30 s', async () => {
  const bells = Array.from({ length: 1_000 }, (_, n) => bell(n + 1))
  const rungAtMs = Date.now()
  await ringDataReady(broker, bells, queue)
  const heard: BrokerMessage[] = []
  broker.subscribe(queue, {
    prefetch: 50,
    async onMessage(message) {
      heard.push(message)
      await message.ack()
    },
  })
  await expect.poll(() => heard.length, { timeout: 10_000 }).toBe(1_000)
  const ids = heard.map(({ content }) =>
    content.kind === 'text' ? dataReadySchema.parse(JSON.parse(content.text)).reductionId : 0,
  )
  expect(new Set(ids)).toEqual(new Set(bells.map(({ reductionId }) => reductionId)))
  for (const message of heard) {
    expect((message.expiresAtMs ?? 0) - rungAtMs).toBeGreaterThanOrEqual(30_000)
    expect((message.expiresAtMs ?? 0) - rungAtMs).toBeLessThan(40_000)
    expect(message.headers['content-type']).toBe('application/json')
  }
})

test('If one bell is not as the contract says, none is rung', async () => {
  const other = `${queue}.other`
  await expect(ringDataReady(broker, [bell(1), bell(0)], other)).rejects.toThrow()
  const heard: string[] = []
  broker.subscribe(other, {
    prefetch: 1,
    async onMessage(message) {
      heard.push(message.content.kind === 'text' ? message.content.text : '?')
      await message.ack()
    },
  })
  await broker.send(other, 'the only one')
  await expect.poll(() => heard).toEqual(['the only one'])
})

test('Nothing to ring is no work, and needs no broker', async () => {
  const idle = openBroker({ url: 'stomp://127.0.0.1:1', log: quiet })
  await ringDataReady(idle, [])
  expect(idle.status()).toEqual({ state: 'idle' })
  await idle.close()
})
