import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readUpSettings } from './up-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'up-settings-'))
const file = join(folder, 'file')
writeFileSync(file, '')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (environment: Record<string, string>) => readUpSettings(environment, '/project')

describe('the settings of make up', () => {
  it('have defaults, also for empty variables', () => {
    const empty: Record<string, string> = { PORT: '', STATE_DIR: '', ARCHIVE_ROOT: '', DATABASE_URL: '' }
    for (const environment of [{}, empty]) {
      expect(read(environment)).toMatchObject({
        port: 8080,
        stateDirectory: '/project/.local',
        archiveRoot: undefined,
        databaseUrl: undefined,
      })
    }
  })

  it.each([
    [{ PORT: 'http' }, 'PORT must be a port number.'],
    [{ PORT: '70000' }, 'PORT must be a port number.'],
    [{ ARCHIVE_ROOT: '/nowhere' }, 'ARCHIVE_ROOT is /nowhere, which does not exist.'],
    [{ ARCHIVE_ROOT: file }, `ARCHIVE_ROOT is ${file}, which is no folder.`],
    [{ RESULTS_ROOT: '/nowhere' }, 'RESULTS_ROOT is /nowhere, which does not exist.'],
    [{ INSTRUMENTS_FILE: folder }, `INSTRUMENTS_FILE is ${folder}, which is no file that this user can read.`],
    [
      { BROKER_URL: 'localhost' },
      "BROKER_URL cannot be used. The broker's address is not a URL; expected stomp://user:password@host:port",
    ],
  ])('%j is refused with a sentence', (environment, sentence) => {
    expect(() => read(environment)).toThrow(sentence)
  })

  it('never repeats what may hold a password', () => {
    expect(() => read({ DATABASE_URL: 'postgres://me:hush@host/db' })).toThrow(/^(?!.*hush).*DATABASE_URL/)
  })

  it.skipIf(process.getuid?.() === 0)('refuses an archive that cannot be read', () => {
    const closed = mkdtempSync(join(folder, 'closed-'))
    chmodSync(closed, 0)
    expect(() => read({ ARCHIVE_ROOT: closed })).toThrow(/cannot be read/)
  })
})
