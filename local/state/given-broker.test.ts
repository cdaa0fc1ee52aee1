import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { parseBrokerAddress } from '#broker/broker-address.ts'
import { readUpSettings } from './up-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'given-broker-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const passwordFile = write('password', 'hunter2\n')
const emptyFile = write('empty', '\n')
const noCertificate = write('no.pem', 'hunter2')
const read = (settings: Record<string, string>) => readUpSettings(settings, '/project').broker
const url = 'stomp+ssl://broker:61614'
const login = { BROKER_USER: 'me', BROKER_PASSWORD_FILE: passwordFile }

test('Any user and password of a file reach the address that functions are given', () => {
  const word = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/[\r\n]/.test(text))
  fc.assert(
    fc.property(word, word, (user, password) => {
      const given = read({
        BROKER_URL: url,
        BROKER_USER: user,
        BROKER_PASSWORD_FILE: write('any', `${password}\n`),
      })
      expect(parseBrokerAddress(given?.url ?? '')).toMatchObject({ host: 'broker', port: 61614, user, password })
    }),
    { numRuns: 50 },
  )
})

test('Without settings there is no broker, and an address without TLS may hold its login, as ever', () => {
  expect(read({ BROKER_URL: '', BROKER_CA: '' })).toBeUndefined()
  const plain = 'stomp://user:password@host:61613'
  expect(read({ BROKER_URL: plain })).toEqual({ url: plain, authority: null })
})

test.each([
  [{ BROKER_CA: passwordFile }, 'BROKER_CA is set, but no BROKER_URL'],
  [{ BROKER_URL: 'stomp+ssl://me:hunter2@broker:61614' }, 'give them by BROKER_USER and BROKER_PASSWORD_FILE'],
  [{ ...login, BROKER_URL: 'stomp://me:hunter2@broker' }, 'BROKER_URL holds a user or password'],
  [{ BROKER_URL: 'tcp://broker:61616' }, 'BROKER_URL cannot be used. The broker’s address begins with tcp:, which is'],
  [{ BROKER_URL: url, BROKER_USER: 'me' }, 'BROKER_USER and BROKER_PASSWORD_FILE belong together'],
  [{ ...login, BROKER_URL: url, BROKER_PASSWORD_FILE: emptyFile }, 'which is empty'],
  [
    { BROKER_URL: url, BROKER_CA: '/nowhere.pem' },
    'BROKER_CA is /nowhere.pem, which is no file that this user can read.',
  ],
  [{ BROKER_URL: url, BROKER_CA: noCertificate }, 'which cannot be used. The secret broker-ca holds no certificate'],
  [{ BROKER_URL: 'stomp://broker', BROKER_CA: noCertificate }, 'begins with stomp:, which encrypts nothing'],
])('%j is refused with a sentence that tells no password', (settings: Record<string, string>, sentence) => {
  const refusal = (() => {
    try {
      return read(settings)
    } catch (fault) {
      return fault
    }
  })()
  expect(refusal).toMatchObject({ name: 'UpSettingsFault' })
  expect(String(refusal).replaceAll("'", '’')).toContain(sentence)
  expect(String(refusal)).not.toContain('hunter2')
})
