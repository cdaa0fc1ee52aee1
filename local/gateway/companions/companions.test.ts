import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { identify } from '../../processes/identity.ts'
import { openSecretStore } from '../secrets/secret-store.ts'
import { openCompanions, type Companion } from './companions.ts'

const directory = mkdtempSync(join(tmpdir(), 'companions-'))
const secrets = openSecretStore(join(directory, 'secrets'), join(directory, 'mounts'))
const lines: string[] = []
const companions = openCompanions({
  secrets,
  onLines: (_name, _instance, more) => lines.push(...more),
  onStart: () => undefined,
  onEnd: () => undefined,
  backOff: () => 10,
  probeTiming: { startingMs: 20 },
})
afterEach(async () => {
  await companions.stop()
  rmSync(directory, { recursive: true, force: true })
})

const companion = (name: string, code: string, more: Partial<Companion> = {}): Companion => ({
  name,
  program: process.execPath,
  args: ['-e', code],
  directory,
  environment: {},
  secrets: [],
  graceMs: 1_000,
  fingerprint: '',
  ...more,
})
const forever = 'setInterval(() => {}, 1e6)'
const pids = () => Object.fromEntries(companions.status().map(({ name, pid }) => [name, pid]))

it('companions become what is wanted: what stays is left alone, what changed is started anew', async () => {
  secrets.write('word', Buffer.from('first'))
  const told = `console.log(require('fs').readFileSync(process.env.secret_mount_path + '/word', 'utf8')); ${forever}`
  const server = `require('http').createServer((_, a) => a.end()).listen(process.env.port, '127.0.0.1')`
  const stays = companion('stays', forever)
  const serves = companion('serves', server, { readyPath: '/_/ready' })
  const reads = companion('reads', told, { secrets: ['word'] })
  await companions.become([stays, serves, reads])
  await expect.poll(() => companions.status().every(({ isReady }) => isReady)).toBe(true)
  await expect.poll(() => lines).toContain('first')
  const before = pids()

  secrets.write('word', Buffer.from('second'))
  await companions.become([stays, reads])
  await expect.poll(() => lines).toContain('second')
  expect(pids()['stays']).toBe(before['stays'])
  expect(pids()['reads']).not.toBe(before['reads'])
  expect(identify(before['serves'] ?? 0)).toBeUndefined()
  expect(readFileSync(join(directory, 'mounts', 'companion-reads', 'word'), 'utf8')).toBe('second')
})
