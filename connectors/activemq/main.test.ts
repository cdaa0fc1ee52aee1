import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, inject, test } from 'vitest'
import { openBroker } from '#broker/open-broker.ts'
import { makeAuthority } from '../../tests/support/certificates.ts'
import { startMortalBroker } from '../../tests/support/mortal-broker.ts'
import { listedFunction, openScriptedGateway, type Call } from '../../tests/support/scripted-gateway.ts'
import { startSecuredBroker } from '../../tests/support/secured-broker.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'connector-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const openGateway = async (topic: string, replicas = 1) => {
  const calls: Call[] = []
  const gateway = await openScriptedGateway({
    functions: () => [listedFunction('process', topic, { availableReplicas: replicas })],
    onCall: (call) => void calls.push(call),
  })
  closing.push(gateway.close)
  return { ...gateway, calls }
}

/** The connector as a process of its own, as it runs in production. */
const run = (environment: Record<string, string>, secrets: Record<string, string>) => {
  const folder = temporaryFolder()
  for (const [name, value] of Object.entries(secrets)) writeFileSync(join(folder, name), `${value}\n`)
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env['PATH'], secret_mount_path: folder, port: '0', rebuild_interval: '200ms', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  closing.push(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let output = ''
  child.stdout?.on('data', (data: Buffer) => (output += data.toString()))
  const lines = (): Record<string, unknown>[] =>
    output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  const messages = (): unknown[] => lines().map((line) => line['message'])
  const port = (): unknown => {
    const server = lines().find((line) => 'server' in line)?.['server'] as { port?: number } | undefined
    return server?.port
  }
  const ask = async (path: string): Promise<{ status: number; body: string }> => {
    await expect.poll(port).toBeTypeOf('number')
    const response = await fetch(`http://127.0.0.1:${String(port())}${path}`)
    return { status: response.status, body: await response.text() }
  }
  const replaceSecret = (name: string, value: string): void => writeFileSync(join(folder, name), `${value}\n`)
  return { child, ended, replaceSecret, output: () => output, lines, messages, ask }
}

const newTopic = (): string => `connector-main-${randomBytes(4).toString('hex')}`

const openSender = (url: string) => {
  // Long enough for its own back-off after a broker has been away.
  const sender = openBroker({ url, log: quiet, sendWithinMs: 30_000 })
  closing.push(sender.close)
  return sender
}

test('It becomes ready, tells what it does in lines of JSON, and ends in order at SIGTERM', async () => {
  const topic = newTopic()
  const gateway = await openGateway(topic)
  const connector = run({ gateway_url: gateway.url }, { 'broker-url': inject('brokerUrl') })
  expect(await connector.ask('/_/health')).toMatchObject({ status: 200 })
  await expect.poll(async () => (await connector.ask('/_/ready')).status).toBe(200)
  expect((await connector.ask('/_/metrics')).body).toContain(`activemq_connector_places{topic="${topic}"} 1`)
  expect(connector.lines()[0]).toMatchObject({ 'service.name': 'activemq-connector' })
  // A field named twice in a line would be lost here.
  for (const line of connector.output().trim().split('\n')) expect(JSON.stringify(JSON.parse(line))).toBe(line)

  await openSender(inject('brokerUrl')).send(topic, 'x')
  await expect.poll(() => gateway.calls.length).toBe(1)
  connector.child.kill('SIGTERM')
  await expect.poll(async () => (await connector.ask('/_/health').catch(() => null)) === null).toBe(true)
  gateway.calls[0]?.answer(200)
  expect(await connector.ended).toEqual([0, null])
})

test('With exit_with_parent it ends when its standard input is closed', async () => {
  const gateway = await openGateway(newTopic())
  const settings = { gateway_url: gateway.url, exit_with_parent: '1' }
  const connector = run(settings, { 'broker-url': inject('brokerUrl') })
  await connector.ask('/_/health')
  connector.child.stdin?.end()
  expect(await connector.ended).toEqual([0, null])
})

test('At SIGTERM what is held goes back at once, without waiting for the grace', async () => {
  const topic = newTopic()
  const gateway = await openGateway(topic)
  const settings = { gateway_url: gateway.url, shutdown_timeout: '10m' }
  const connector = run(settings, { 'broker-url': inject('brokerUrl') })
  await openSender(inject('brokerUrl')).send(topic, 'held')
  await expect.poll(() => gateway.calls.length).toBe(1)
  gateway.calls[0]?.answer(503)
  await expect.poll(() => connector.messages().some((message) => String(message).startsWith('held:'))).toBe(true)
  // Answered too, should another attempt be under way at that moment.
  const answering = setInterval(() => gateway.calls.forEach((call, n) => n > 0 && call.answer(503)), 20)
  closing.push(() => clearInterval(answering))
  connector.child.kill('SIGTERM')
  expect(await connector.ended).toEqual([0, null])
  clearInterval(answering)
  const before = gateway.calls.length
  run({ gateway_url: gateway.url }, { 'broker-url': inject('brokerUrl') })
  await expect.poll(() => gateway.calls.slice(before).map((call) => call.body)).toEqual(['held'])
})

test('A wrong password is told of once and never shown; a replaced secret counts at the next attempt', async () => {
  const gateway = await openGateway(newTopic())
  const wrong = new URL(inject('brokerUrl'))
  wrong.password = 'hunter2-hunter2'
  const connector = run({ gateway_url: gateway.url }, { 'broker-url': wrong.href })
  const told = (): unknown[] =>
    connector.messages().filter((message) => String(message).includes('password is invalid'))
  await expect.poll(told).toHaveLength(1)
  expect((await connector.ask('/_/ready')).status).toBe(503)
  expect((await connector.ask('/_/health')).status).toBe(200)
  connector.replaceSecret('broker-url', 'tcp://user:hunter2-hunter2@broker:61616')
  await expect
    .poll(() => connector.messages().some((message) => String(message).includes('begins with tcp:, which is OpenWire')))
    .toBe(true)
  connector.replaceSecret('broker-url', inject('brokerUrl'))
  await expect.poll(async () => (await connector.ask('/_/ready')).status, { timeout: 30_000 }).toBe(200)
  expect(told()).toHaveLength(1)
  const { password } = new URL(inject('brokerUrl'))
  for (const secret of ['hunter2', password, 'stomp://autoreduction']) expect(connector.output()).not.toContain(secret)
})

test('Over TLS it trusts what the secret says, and starts with no secret that cannot be used', async () => {
  const authority = await makeAuthority('ours')
  closing.push(authority.remove)
  const activeMq = await startSecuredBroker(authority.certificate, await authority.issue('broker', 'DNS:localhost'))
  closing.push(activeMq.remove)
  const topic = `open.${newTopic()}`
  const gateway = await openGateway(topic)
  const { certificate, key } = await authority.issue('connector', 'DNS:connector')
  const secrets = { 'broker-url': activeMq.mutualUrl, 'broker-ca': authority.certificate }
  const client = { 'broker-certificate': certificate, 'broker-key': key }
  const connector = run({ gateway_url: gateway.url }, { ...secrets, ...client })
  await expect.poll(async () => (await connector.ask('/_/ready')).status).toBe(200)
  await openSender(activeMq.plainUrl).send(topic, 'x')
  await expect.poll(() => gateway.calls.map((call) => call.body)).toEqual(['x'])
  gateway.calls[0]?.answer(200)

  const half = run({ gateway_url: gateway.url }, { ...secrets, 'broker-key': key })
  expect(await half.ended).toEqual([1, null])
  expect(half.messages()).toEqual([
    'There is a secret broker-key but no broker-certificate; a client certificate needs both.',
  ])
}, 180_000)

test('Killed before the answer it has acknowledged nothing: its successor gets the message', async () => {
  const topic = newTopic()
  const gateway = await openGateway(topic)
  const first = run({ gateway_url: gateway.url }, { 'broker-url': inject('brokerUrl') })
  await openSender(inject('brokerUrl')).send(topic, 'precious')
  await expect.poll(() => gateway.calls.length).toBe(1)
  first.child.kill('SIGKILL')
  await first.ended
  run({ gateway_url: gateway.url }, { 'broker-url': inject('brokerUrl') })
  await expect.poll(() => gateway.calls.map((call) => call.body)).toEqual(['precious', 'precious'])
})

test('The broker is killed while calls are under way, and started again: what was in hand comes again, what follows comes too', async () => {
  const activeMq = await startMortalBroker()
  closing.push(activeMq.remove)
  const topic = newTopic()
  const gateway = await openGateway(topic, 2)
  const connector = run({ gateway_url: gateway.url }, { 'broker-url': activeMq.url })
  const sender = openSender(activeMq.url)
  await sender.send(topic, 'in hand', { isPersistent: true })
  await expect.poll(() => gateway.calls.length).toBe(1)

  activeMq.kill()
  await expect.poll(async () => (await connector.ask('/_/ready')).status).toBe(503)
  expect((await connector.ask('/_/health')).status).toBe(200)
  await activeMq.startAgain()
  await expect.poll(async () => (await connector.ask('/_/ready')).status, { timeout: 20_000 }).toBe(200)

  await expect.poll(() => gateway.calls.map((call) => call.body)).toEqual(['in hand', 'in hand'])
  for (const call of gateway.calls) call.answer(200)
  await sender.send(topic, 'after')
  await expect.poll(() => gateway.calls.map((call) => call.body)).toEqual(['in hand', 'in hand', 'after'])
  gateway.calls[2]?.answer(200)
  const outages = connector.messages().filter((message) => String(message).includes('The broker is out of reach'))
  expect(outages).toHaveLength(1)
})

test.each([
  [{}, { 'broker-url': 'stomp://a:b@127.0.0.1:1' }, 'gateway_url'],
  [{ gateway_url: 'http://127.0.0.1:1' }, {}, 'The secret broker-url cannot be read'],
  [{ gateway_url: 'http://127.0.0.1:1' }, { 'broker-url': 'tcp://u:hunter2@b' }, 'expected stomp://user:password'],
])('Started with %j and the secrets %j it ends with a sentence', async (environment, secrets, words) => {
  const connector = run(environment, secrets)
  expect(await connector.ended).toEqual([1, null])
  expect(connector.messages()).toHaveLength(1)
  expect(connector.messages()[0]).toContain(words)
  expect(JSON.stringify(connector.lines())).not.toContain('hunter2')
})
