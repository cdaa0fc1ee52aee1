import { execFile, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Registry } from 'prom-client'
import { afterEach, expect, inject, test } from 'vitest'
import { openBroker } from '#broker/open-broker.ts'
import { usualLimits } from '#broker/stomp-connection.ts'
import { findProgram } from '../../local/processes/find-program.ts'
import { openFreezableProxy } from '../../tests/support/freezable-proxy.ts'
import { listedFunction, openScriptedGateway, type Call } from '../../tests/support/scripted-gateway.ts'
import { readConnectorSettings } from './read-settings.ts'
import { startConnector } from './start-connector.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Broker, connector and gateway, with a proxy that can be frozen on either side of the connector. */
const scene = async (settings: Record<string, string> = {}) => {
  const topic = `lost-network-${randomBytes(4).toString('hex')}`
  const calls: Call[] = []
  const lines: string[] = []
  const gateway = await openScriptedGateway({
    functions: () => [listedFunction('process', topic, { availableReplicas: 2 })],
    onCall: (call) => void calls.push(call),
  })
  const brokerUrl = new URL(inject('brokerUrl'))
  const toBroker = await openFreezableProxy({ host: brokerUrl.hostname, port: Number(brokerUrl.port) })
  const toGateway = await openFreezableProxy({ host: '127.0.0.1', port: Number(new URL(gateway.url).port) })
  closing.push(gateway.close, toBroker.close, toGateway.close)
  brokerUrl.port = String(toBroker.port)

  const add = (_: object, message: string): void => void lines.push(message)
  const registry = new Registry()
  const connector = startConnector({
    settings: readConnectorSettings({
      gateway_url: `http://127.0.0.1:${toGateway.port}`,
      rebuild_interval: '100ms',
      shutdown_timeout: '200ms',
      ...settings,
    }),
    brokerUrl: () => brokerUrl.href,
    // Twenty times as fast as usual: what takes up to 45 s there takes up to 2.25 s here.
    brokerOptions: { limits: { ...usualLimits, heartBeatMs: 500 } },
    credentials: () => null,
    registry,
    log: { info: add, warn: add, error: add },
  })
  const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const sender = openBroker({ url: inject('brokerUrl'), log: quiet, sendWithinMs: 20_000 })
  closing.push(sender.close, connector.stop)
  await expect.poll(() => connector.isReady()).toBe(true)
  const bodies = (): string[] => calls.map((call) => call.body).sort()
  return {
    calls,
    bodies,
    lines,
    toBroker,
    toGateway,
    connector,
    registry,
    send: (body: string) => sender.send(topic, body),
  }
}

test('Between broker and connector: what was in hand comes again, the call under way is left in peace, the queue flows', async () => {
  const { calls, bodies, toBroker, registry, send } = await scene()
  await send('in hand')
  await expect.poll(bodies).toEqual(['in hand'])
  toBroker.freezeOpen()
  await expect.poll(() => registry.metrics()).toMatch(/^activemq_connector_broker_reconnects_total [1-9]/m)
  await send('after')
  // The first delivery still has its place: what comes takes turns in the other.
  const unanswered = new Set(['after', 'in hand'])
  while (unanswered.size > 0) {
    const next = (): Call | undefined => calls.slice(1).find((call) => unanswered.has(call.body))
    await expect.poll(next).toBeDefined()
    unanswered.delete(next()?.body ?? '')
    calls.at(-1)?.answer(200)
  }
  expect(bodies()).toEqual(['after', 'in hand', 'in hand'])
  calls[0]?.answer(200)
  await expect.poll(() => registry.metrics()).toContain('fate="returned"} 1')
  await expect.poll(() => registry.metrics()).toContain('fate="acknowledged"} 2')
})

test('Between connector and gateway: a call goes on through the silence and is answered after it; others are made meanwhile', async () => {
  const { calls, bodies, toGateway, send, registry, lines } = await scene()
  await send('long')
  await expect.poll(bodies).toEqual(['long'])
  toGateway.freezeOpen()
  calls[0]?.answer(200)
  await send('other')
  await expect.poll(bodies).toEqual(['long', 'other'])
  calls[1]?.answer(200)
  await expect.poll(() => registry.metrics()).toContain('fate="acknowledged"} 1')
  toGateway.thaw()
  await expect.poll(() => registry.metrics()).toContain('fate="acknowledged"} 2')
  expect(lines.filter((line) => line.startsWith('done with'))).toEqual([])
})

test('A gateway that stays silent holds a place for as long as a call may last, then the queue flows again', async () => {
  const { calls, bodies, toGateway, send, lines } = await scene({ upstream_timeout: '2s' })
  await send('one')
  await send('two')
  await expect.poll(bodies).toEqual(['one', 'two'])
  toGateway.freezeOpen()
  await send('three')
  await expect.poll(bodies).toEqual(['one', 'three', 'two'])
  expect(lines).toContain('done with: no answer came (it took longer than 2 s)')
  calls[2]?.answer(200)
})

test('Stopping waits for neither silence: what was in hand goes back to the queue', async () => {
  const { bodies, toBroker, toGateway, connector, send } = await scene()
  await send('in hand')
  await expect.poll(bodies).toEqual(['in hand'])
  toGateway.freeze()
  toBroker.freeze()
  await connector.stop()
  expect(connector.brokerStatus()).toEqual({ state: 'closed' })
})

const [unshare, ip] = [findProgram('unshare'), findProgram('ip')]
const canTakeTheNetworkAway =
  unshare !== undefined && ip !== undefined && spawnSync(unshare, ['-Urn', ip, 'link', 'set', 'lo', 'up']).status === 0

test.skipIf(!canTakeTheNetworkAway)('A gateway that vanishes without a word is found by TCP’s own probes', async () => {
  const fixture = join(import.meta.dirname, 'vanished-peer.fixture.ts')
  const args = ['-Urn', process.execPath, fixture, String(ip), '1000']
  const { stdout } = await promisify(execFile)(String(unshare), args)
  expect(JSON.parse(stdout)).toMatchObject({
    event: { kind: 'cut', reason: expect.stringContaining('ETIMEDOUT') as string },
  })
})
