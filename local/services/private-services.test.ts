import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { afterEach, describe, expect, it } from 'vitest'
import { commandLine, identify, isAlive } from '../processes/identity.ts'
import { startPrivateActiveMq } from './private-activemq.ts'
import { startPrivateMariaDb } from './private-mariadb.ts'
import type { PrivateService } from './private-service.ts'
import { answersStomp } from './stomp-greeting.ts'

const cleanups: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

function folderWithASpace(): string {
  const folder = mkdtempSync(join(tmpdir(), 'auto reduction '))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'service')
}

async function started(starting: Promise<PrivateService>): Promise<PrivateService> {
  const service = await starting
  cleanups.push(() => service.stop())
  return service
}

describe('a private MariaDB', () => {
  it('answers in UTC and UTF-8 with strict grouping, and keeps its data and port over a restart', async () => {
    const directory = folderWithASpace()
    const first = await started(startPrivateMariaDb({ directory, purpose: 'tests' }))
    const connection = await createConnection(first.url)
    const [rows] = await connection.query(
      'SELECT @@time_zone zone, @@character_set_database charset, @@sql_mode mode, @@bind_address address',
    )
    expect(rows).toEqual([
      expect.objectContaining({
        zone: '+00:00',
        charset: 'utf8mb4',
        mode: expect.stringContaining('ONLY_FULL_GROUP_BY') as string,
        address: '127.0.0.1',
      }),
    ])
    await connection.query('CREATE TABLE kept (name VARCHAR(20))')
    await connection.end()
    await first.stop()
    expect(identify(first.pid)).toBeUndefined()

    const second = await started(startPrivateMariaDb({ directory, purpose: 'tests' }))
    expect(second.url).toBe(first.url)
    const again = await createConnection(second.url)
    expect((await again.query('SHOW TABLES'))[0]).toHaveLength(1)
    await again.end()
  })

  it('is taken over where it already runs', async () => {
    const directory = folderWithASpace()
    const first = await started(startPrivateMariaDb({ directory, purpose: 'tests' }))
    const second = await startPrivateMariaDb({ directory, purpose: 'tests' })
    expect(second.pid).toBe(first.pid)
  })

  it('takes another port where a stranger has the remembered one', async () => {
    const directory = folderWithASpace()
    const first = await started(startPrivateMariaDb({ directory, purpose: 'tests' }))
    await first.stop()
    const stranger = createServer().listen(Number(new URL(first.url).port), '127.0.0.1')
    cleanups.push(() => stranger.close())
    const second = await started(startPrivateMariaDb({ directory, purpose: 'tests' }))
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port)
  })
})

describe('a private ActiveMQ', () => {
  it('lets in who has the password, and nobody else', async () => {
    const service = await started(startPrivateActiveMq({ directory: folderWithASpace(), purpose: 'tests' }))
    expect(await answersStomp(service.url)).toBe(true)
    const stranger = new URL(service.url)
    stranger.password = 'guess'
    expect(await answersStomp(stranger.href)).toBe(false)
    await service.stop()
    expect(identify(service.pid)).toBeUndefined()
  })
})

it('keeps passwords out of arguments and logs, in files that only their owner can read', async () => {
  const folders = [folderWithASpace(), folderWithASpace()] as const
  const services = await Promise.all([
    started(startPrivateMariaDb({ directory: folders[0], purpose: 'tests' })),
    started(startPrivateActiveMq({ directory: folders[1], purpose: 'tests' })),
  ])
  for (const [index, service] of services.entries()) {
    const folder = folders[index] ?? ''
    const { password } = new URL(service.url)
    expect(password).toMatch(/^[0-9a-f]{48}$/)
    expect(commandLine(service.pid)).not.toContain(password)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (!statSync(path).isFile()) continue
      const text = readFileSync(path, 'utf8')
      if (text.includes(password)) expect([name, statSync(path).mode & 0o777]).toEqual(['password', 0o600])
    }
    const identity = identify(service.pid)
    expect(identity !== undefined && isAlive(identity)).toBe(true)
  }
})
