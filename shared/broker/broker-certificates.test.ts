import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeAuthority, type IssuedCertificate } from '../../tests/support/certificates.ts'
import { assertEncryptedIfMeant, noCertificates, secureContextOf } from './broker-certificates.ts'

let authority: Awaited<ReturnType<typeof makeAuthority>>
let [ours, theirs] = [] as unknown as [IssuedCertificate, IssuedCertificate]
beforeAll(async () => {
  authority = await makeAuthority('ours')
  ours = await authority.issue('ours', 'DNS:ours')
  theirs = await authority.issue('theirs', 'DNS:theirs')
})
afterAll(() => authority.remove())

test('An authority, several of them in one text, and a certificate with its key can be used', () => {
  const ca = authority.certificate
  expect(secureContextOf({ ...noCertificates, authority: ca })).toBeDefined()
  expect(secureContextOf({ ...noCertificates, authority: `about it\n${ca}\n${theirs.certificate}` })).toBeDefined()
  expect(secureContextOf({ authority: ca, ...ours })).toBeDefined()
  expect(secureContextOf({ authority: null, ...ours })).toBeDefined()
})

test.each([
  [() => ({ authority: 'hunter2' }), 'The secret broker-ca holds no certificate; expected PEM'],
  [() => ({ authority: ours.key }), 'The secret broker-ca holds no certificate; expected PEM'],
  [
    () => ({ authority: '-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----' }),
    'The secret broker-ca holds a certificate that cannot be read.',
  ],
  [() => ({ certificate: ours.certificate }), 'There is a secret broker-certificate but no broker-key'],
  [() => ({ key: ours.key }), 'There is a secret broker-key but no broker-certificate'],
  [() => ({ certificate: 'hunter2', key: ours.key }), 'The secret broker-certificate holds no certificate'],
  [() => ({ certificate: ours.certificate, key: 'hunter2' }), 'The secret broker-key holds no key in PEM'],
  [() => ({ certificate: ours.certificate, key: theirs.key }), 'do not belong together'],
])(
  'What cannot be used is refused with a sentence that names the secret and tells nothing of it (%#)',
  (given, words) => {
    const refusal = (() => {
      try {
        return secureContextOf({ ...noCertificates, ...given() })
      } catch (fault) {
        return fault
      }
    })()
    expect(refusal).toMatchObject({ name: 'BrokerCertificateFault', message: expect.stringContaining(words) as string })
    expect(String(refusal)).not.toContain('hunter2')
  },
)

test('With certificates an address without TLS is refused: the password would go in the clear', () => {
  expect(() => assertEncryptedIfMeant(false, { ...noCertificates, authority: authority.certificate })).toThrow(
    'begins with stomp:, which encrypts nothing',
  )
  assertEncryptedIfMeant(true, { ...noCertificates, authority: authority.certificate })
  assertEncryptedIfMeant(false, noCertificates)
})
