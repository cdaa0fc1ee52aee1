import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Instrument, Run } from '#contracts/api.ts'
import { makeAuthority } from '../support/certificates.ts'
import { startSecuredBroker } from '../support/secured-broker.ts'
import { makeArchive, type MadeArchive } from './an-archive.ts'
import { startTheStack, type Stack } from './the-stack.ts'

const instrument = 'SECURED'

let authority: Awaited<ReturnType<typeof makeAuthority>>
let broker: Awaited<ReturnType<typeof startSecuredBroker>>
let archive: MadeArchive
let stack: Stack
let password: string

beforeAll(async () => {
  authority = await makeAuthority('of-the-broker')
  broker = await startSecuredBroker(authority.certificate, await authority.issue('broker', 'DNS:localhost'), {
    restricts: false,
  })
  const { username, password: encoded } = new URL(broker.tlsUrl)
  password = decodeURIComponent(encoded)
  const [ca, passwordFile] = [join(authority.folder, 'given-ca.pem'), join(authority.folder, 'given-password')]
  await writeFile(ca, authority.certificate)
  await writeFile(passwordFile, `${password}\n`)
  archive = await makeArchive()
  await archive.writeLastrun(instrument, 1)
  await archive.writeScripts(instrument, { 'reduce.py': 'def main(input_file, output_dir):\n    pass\n' })
  await archive.makeRuns(instrument, '1920234', [2])
  stack = await startTheStack({
    ARCHIVE_ROOT: archive.root,
    BROKER_URL: `stomp+ssl://localhost:${broker.tlsPort}`,
    BROKER_CA: ca,
    BROKER_USER: decodeURIComponent(username),
    BROKER_PASSWORD_FILE: passwordFile,
  })
  await vi.waitUntil(
    async () => (await stack.get<{ items: Instrument[] }>('instruments')).items.some(({ lastRun }) => lastRun !== null),
    { timeout: 60_000, interval: 200 },
  )
}, 240_000)
afterAll(async () => {
  try {
    await stack.stop()
  } finally {
    await broker.remove()
    authority.remove()
    await rm(archive.root, { recursive: true, force: true })
  }
}, 60_000)

it('a run is reduced by way of a broker that speaks TLS and asks for a password, which no log holds', async () => {
  await archive.writeLastrun(instrument, 2)
  await stack.detect()
  await vi.waitUntil(
    async () =>
      (await stack.get<{ items: Run[] }>(`runs?instrument=${instrument}`)).items[0]?.latest?.state === 'Completed',
    { timeout: 120_000, interval: 200 },
  )
  const logs = join(stack.folder, 'state', 'logs')
  for (const name of await readdir(logs)) expect(await readFile(join(logs, name), 'utf8'), name).not.toContain(password)
}, 180_000)
