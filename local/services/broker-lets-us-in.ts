import { parseBrokerAddress } from '#broker/broker-address.ts'
import { noCertificates } from '#broker/broker-certificates.ts'
import { BrokerUnavailable } from '#broker/broker-unavailable.ts'
import { openStompConnection, usualLimits } from '#broker/stomp-connection.ts'
import type { GivenBroker } from '../state/given-broker.ts'
import { NoServiceFault } from './choose-service.ts'

/**
 * Greets a broker as the connector and `dispatch` will: the same trust, the same login.
 * @throws {NoServiceFault} one sentence about what is wrong and one about what to do; never with the password
 */
export async function assertBrokerLetsUsIn({ url, authority }: GivenBroker): Promise<void> {
  const address = parseBrokerAddress(url)
  const certificates = { ...noCertificates, authority }
  try {
    const connection = await openStompConnection(address, certificates, usualLimits, new AbortController().signal)
    await connection.disconnect()
  } catch (fault) {
    if (!(fault instanceof BrokerUnavailable)) throw fault
    // The reason speaks of the secrets that functions have; here they come from these settings.
    const trust = address.isEncrypted ? ', BROKER_CA (it becomes the secret broker-ca)' : ''
    const toDo = fault.isLasting
      ? `Correct BROKER_URL${trust} or BROKER_USER and BROKER_PASSWORD_FILE.`
      : 'Start the broker, or correct BROKER_URL.'
    throw new NoServiceFault(`BROKER_URL is set, but: ${fault.message} ${toDo} Nothing has been started.`, {
      cause: fault,
    })
  }
}
