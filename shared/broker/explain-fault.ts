import type { BrokerAddress } from './broker-address.ts'
import type { BrokerCertificates } from './broker-certificates.ts'

/** As Node, OpenSSL and the STOMP library make them. */
export type ConnectionFault = Error & {
  readonly code?: string
  readonly reason?: string
  readonly cert?: unknown
  /** The broker itself has said it. */
  readonly isApplicationError?: () => boolean
}

/** A sentence's middle: "The broker is out of reach: …". `isLasting`: it will not pass by itself, a person must do something. */
export type Explanation = { readonly reason: string; readonly isLasting: boolean }

const untrusted = new Set([
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'INVALID_CA',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Alerts with which a broker turns our own certificate down, or its absence. */
const turnedDown = /_ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_[A-Z]+|UNKNOWN_CA|ACCESS_DENIED)$/

const noTls = new Set(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_UNKNOWN_PROTOCOL'])

const lasting = (reason: string): Explanation => ({ reason, isLasting: true })

const namesIn = (cert: unknown): string => {
  const names: unknown = typeof cert === 'object' && cert !== null ? Reflect.get(cert, 'subjectaltname') : undefined
  return typeof names === 'string' && names !== '' ? names : 'no name at all'
}

/** What Node and OpenSSL call it, in words. Never holds a part of a secret. */
export const explainTlsFault = (
  fault: ConnectionFault,
  address: Pick<BrokerAddress, 'host' | 'port'>,
  certificates: BrokerCertificates,
): Explanation | null => {
  const code = fault.code ?? ''
  const itsCertificate = `the certificate of ${address.host}:${address.port}`
  if (untrusted.has(code)) {
    return lasting(
      certificates.authority === null
        ? `${itsCertificate} comes from no authority that is trusted here (${code}); its authority belongs into the secret broker-ca`
        : `${itsCertificate} does not come from the authority in the secret broker-ca (${code})`,
    )
  }
  if (code === 'CERT_HAS_EXPIRED') return lasting(`${itsCertificate}, or its authority's, has expired`)
  if (code === 'CERT_NOT_YET_VALID') return lasting(`${itsCertificate} is not valid yet, or the clock here is wrong`)
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return lasting(`${itsCertificate} is for another name (${namesIn(fault.cert)})`)
  }
  if (noTls.has(code)) {
    return lasting(`${address.host}:${address.port} does not speak TLS; an address without TLS begins with stomp:`)
  }
  if (turnedDown.test(code)) {
    const alert = code
      .replace(/^.*_ALERT_/, '')
      .toLowerCase()
      .replaceAll('_', ' ')
    return lasting(
      certificates.certificate === null
        ? `the broker wants to see a client certificate (${alert}); it belongs into the secrets broker-certificate and broker-key`
        : `the broker does not accept the client certificate in the secret broker-certificate (${alert})`,
    )
  }
  // The message names files of OpenSSL's sources; the reason is what matters.
  if (code.startsWith('ERR_SSL_'))
    return lasting(`TLS with ${address.host}:${address.port} failed: ${fault.reason ?? code}`)
  return null
}
