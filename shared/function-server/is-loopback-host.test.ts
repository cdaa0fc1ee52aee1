import { expect, it } from 'vitest'
import { isLoopbackHost } from './is-loopback-host.ts'

it.each(['127.0.0.1:3000', '127.0.0.1', '127.8.9.1:1', 'localhost:80', 'LOCALHOST', '[::1]:3000'])(
  'takes %s for the loopback',
  (host) => expect(isLoopbackHost(host)).toBe(true),
)
it.each([
  undefined,
  '',
  'evil.example:3000',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '10.0.0.1',
  '0.0.0.0',
  '127.0.0.1@evil.example',
  ':3000',
])('does not take %s for it', (host) => expect(isLoopbackHost(host)).toBe(false))
