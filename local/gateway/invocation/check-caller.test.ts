import { describe, expect, it } from 'vitest'
import { whyCallerIsRefused } from './check-caller.ts'

const refusal = (method: string, host: string, origin?: string, allowedHosts: readonly string[] = []) =>
  whyCallerIsRefused(method, { host, origin }, { port: 8080, allowedHosts })?.status

describe('who calls', () => {
  it.each(['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', '127.0.0.1', 'localhost:9000'])(
    'may reach us as %s',
    (host) => expect(refusal('GET', host)).toBeUndefined(),
  )

  it.each(['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', '', '10.0.0.1:8080', 'x@127.0.0.1.evil'])(
    'may not reach us as "%s"',
    (host) => expect(refusal('GET', host)).toBe(421),
  )

  it.each([
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['127.0.0.1:8080', 'http://localhost:8080'],
    ['localhost:8080', 'http://127.0.0.1:8080'],
    // A tunnel or a container's port: the page is where it asks.
    ['localhost:9000', 'http://localhost:9000'],
    ['127.0.0.1:8080', 'http://[::1]:8080'],
  ])('at %s may write from a page of %s', (host, origin) => expect(refusal('POST', host, origin)).toBeUndefined())

  it.each([
    'http://localhost:3000',
    'http://127.0.0.1:5173',
    'http://localhost',
    'https://evil.example',
    'https://evil.example:8080',
    'http://localhost:8080.evil.example',
    'null',
    'file://',
    'chrome-extension://abc',
    '',
  ])('may not write from a page of "%s"', (origin) => {
    expect(refusal('POST', '127.0.0.1:8080', origin)).toBe(403)
    expect(refusal('OPTIONS', '127.0.0.1:8080', origin)).toBe(403)
    expect(refusal('GET', '127.0.0.1:8080', origin)).toBeUndefined()
  })

  it('may come from a proxy in front, under the names given for it and their ports', () => {
    const allowed = ['reduce.example', 'other.example:8443']
    expect(refusal('POST', 'reduce.example', 'https://reduce.example', allowed)).toBeUndefined()
    expect(refusal('POST', '127.0.0.1:8080', 'https://Reduce.example', allowed)).toBeUndefined()
    expect(refusal('POST', '127.0.0.1:8080', 'https://other.example:8443', allowed)).toBeUndefined()
    expect(refusal('POST', '127.0.0.1:8080', 'https://reduce.example:444', allowed)).toBe(403)
    expect(refusal('POST', '127.0.0.1:8080', 'https://other.example', allowed)).toBe(403)
    expect(refusal('GET', 'other.example:8443', undefined, allowed)).toBeUndefined()
    expect(refusal('GET', 'other.example', undefined, allowed)).toBe(421)
  })
})
