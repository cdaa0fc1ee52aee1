import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

/** PEM texts, each from the secret of its name; null where there is none. */
export type BrokerCertificates = {
  /** `broker-ca`: whom to trust, instead of the authorities that the system trusts. */
  readonly authority: string | null
  /** `broker-certificate` and `broker-key`: what we show a broker that asks who we are. */
  readonly certificate: string | null
  readonly key: string | null
}

export const noCertificates: BrokerCertificates = { authority: null, certificate: null, key: null }

/** A certificate or key that cannot be used; the message names the secret and holds no part of it. */
export class BrokerCertificateFault extends Error {
  override readonly name = 'BrokerCertificateFault'
  readonly retryable = false
}

const certificatePattern = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs

const certificatesIn = (secret: string, pem: string): readonly string[] => {
  const found = pem.match(certificatePattern) ?? []
  try {
    for (const one of found) new X509Certificate(one)
  } catch (cause) {
    throw new BrokerCertificateFault(`The secret ${secret} holds a certificate that cannot be read.`, { cause })
  }
  // Node itself takes a text without any for an authority that signed nothing.
  if (found.length > 0) return found
  throw new BrokerCertificateFault(
    `The secret ${secret} holds no certificate; expected PEM, which begins with -----BEGIN CERTIFICATE-----.`,
  )
}

/** Node by itself trusts a list of its own; an operator who adds an authority to the machine expects that to count. */
const systemAuthorities = (): string[] => {
  const system = getCACertificates('system')
  return [...(system.length > 0 ? system : getCACertificates('bundled')), ...getCACertificates('extra')]
}

/** Reading several hundred authorities takes 200 ms. */
let trustingTheSystem: SecureContext | null = null

/**
 * Whom to trust and what to show.
 * @throws {BrokerCertificateFault}
 */
export const secureContextOf = ({ authority, certificate, key }: BrokerCertificates): SecureContext => {
  if ((certificate === null) !== (key === null)) {
    const [there, missing] = key === null ? ['broker-certificate', 'broker-key'] : ['broker-key', 'broker-certificate']
    throw new BrokerCertificateFault(`There is a secret ${there} but no ${missing}; a client certificate needs both.`)
  }
  if (authority === null && certificate === null) {
    return (trustingTheSystem ??= createSecureContext({ ca: systemAuthorities() }))
  }
  const ca = authority === null ? systemAuthorities() : [...certificatesIn('broker-ca', authority)]
  if (certificate === null || key === null) return createSecureContext({ ca })
  certificatesIn('broker-certificate', certificate)
  try {
    createPrivateKey(key)
  } catch (cause) {
    throw new BrokerCertificateFault('The secret broker-key holds no key in PEM, or one with a passphrase.', { cause })
  }
  try {
    return createSecureContext({ ca, cert: certificate, key })
  } catch (cause) {
    throw new BrokerCertificateFault(
      'The secrets broker-certificate and broker-key do not belong together, or are too weak.',
      { cause },
    )
  }
}

/**
 * Certificates say that encryption is meant: an address that has none would send the password in the clear, and nobody would notice.
 * @throws {BrokerCertificateFault}
 */
export const assertEncryptedIfMeant = (isEncrypted: boolean, certificates: BrokerCertificates): void => {
  if (isEncrypted || Object.values(certificates).every((pem) => pem === null)) return
  throw new BrokerCertificateFault(
    'There are certificates for the broker, but its address begins with stomp:, which encrypts nothing; expected stomp+ssl:, or no secrets broker-ca, broker-certificate and broker-key.',
  )
}
