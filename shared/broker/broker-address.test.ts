import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BrokerAddressFault, parseBrokerAddress } from './broker-address.ts'

test('Any user and password survive the way through the address', () => {
  const word = fc.string({ minLength: 1, unit: 'grapheme' })
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 65_535 }), (user, password, port) => {
      const rest = `${encodeURIComponent(user)}:${encodeURIComponent(password)}@broker.example:${port}`
      const address = { host: 'broker.example', port, user, password }
      expect(parseBrokerAddress(`stomp://${rest}\n`)).toEqual({ ...address, isEncrypted: false })
      expect(parseBrokerAddress(`stomp+ssl://${rest}/`)).toEqual({ ...address, isEncrypted: true })
    }),
  )
})

test('The port is 61613, or 61614 with TLS, where none is given, and user and password may be absent', () => {
  const nobody = { user: null, password: null }
  expect(parseBrokerAddress('stomp://[::1]')).toEqual({ host: '::1', port: 61613, isEncrypted: false, ...nobody })
  expect(parseBrokerAddress('stomp+ssl://b')).toEqual({ host: 'b', port: 61614, isEncrypted: true, ...nobody })
})

test.each([
  ['', 'is not a URL'],
  ['user:hunter2@broker', 'begins with user:'],
  ['tcp://user:hunter2@broker:61616', 'begins with tcp:, which is OpenWire'],
  ['stomp+nio+ssl://user:hunter2@broker:61614', 'to a client that port is stomp+ssl:'],
  ['stomp+ssl://user:hunter2@broker:61614?verifyHostName=false', 'there are no options'],
  ['stomp+ssl://user:hunter2@broker:61614/hunter2', 'has something behind the port'],
  ['stomp://user:hunter2?@broker:61613', 'is not a URL'],
  ['stomp://user:hunter2%zz@broker', 'broken % escape'],
  ['stomp://user:hunter2@broker:99999', 'is not a URL'],
])('%s is refused with a reason that does not tell the password', (url, why) => {
  const refusal = (() => {
    try {
      return parseBrokerAddress(url)
    } catch (fault) {
      return fault
    }
  })()
  expect(refusal).toBeInstanceOf(BrokerAddressFault)
  expect(String(refusal)).toContain(why)
  expect(String(refusal)).not.toContain('hunter2')
})
