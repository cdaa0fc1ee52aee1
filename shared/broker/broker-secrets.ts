import { readOptionalSecret, readSecret } from '#function-server/settings.ts'
import { parseBrokerAddress } from './broker-address.ts'
import { assertEncryptedIfMeant, secureContextOf, type BrokerCertificates } from './broker-certificates.ts'

/**
 * Where the broker is and how it is trusted, from the secrets of a function; for `openBroker`. They are read anew for each connection, since
 * operators replace them.
 */
export const brokerSecrets = {
  url: (): string => readSecret('broker-url'),
  certificates: (): BrokerCertificates => ({
    authority: readOptionalSecret('broker-ca'),
    certificate: readOptionalSecret('broker-certificate'),
    key: readOptionalSecret('broker-key'),
  }),
} as const

/**
 * For the start: a wrong secret stops it with a sentence.
 * @throws {SettingsFault | BrokerAddressFault | BrokerCertificateFault}
 */
export const checkBrokerSecrets = (): void => {
  const { isEncrypted } = parseBrokerAddress(brokerSecrets.url())
  const certificates = brokerSecrets.certificates()
  assertEncryptedIfMeant(isEncrypted, certificates)
  if (isEncrypted) secureContextOf(certificates)
}
