import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BrokerAddressFault, parseBrokerAddress } from './broker-address.ts'

test('Any user and password survive the way through the address', () => {
  const word = fc.string({ minLength: 1, unit: 'grapheme' })
  fc.assert(
    fc.property(word, word, fc.integer({ min: 1, max: 65_535 }), (user, password, port) => {
      const url = `stomp://${encodeURIComponent(user)}:${encodeURIComponent(password)}@broker.example:${port}`
      expect(parseBrokerAddress(`${url}\n`)).toEqual({ host: 'broker.example', port, user, password })
    }),
  )
})

test('The port is 61613 where none is given, and user and password may be absent', () => {
  expect(parseBrokerAddress('stomp://[::1]')).toEqual({ host: '::1', port: 61613, user: null, password: null })
})

test.each([
  ['', 'is not a URL'],
  ['user:hunter2@broker', 'begins with user:'],
  ['tcp://user:hunter2@broker:61616', 'begins with tcp:'],
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
