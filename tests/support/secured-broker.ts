import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../local/processes/free-port.ts'
import { brokerConfiguration } from '../../local/services/activemq-configuration.ts'
import { storePassword, writeKeyStore, writeTrustStore, type IssuedCertificate } from './certificates.ts'
import { startMortalBroker } from './mortal-broker.ts'

/**
 * `users`, the group of our user, may do everything with `open.>` and `DLQ.open.>`, write to `closed.>` but not read it, and use `unsorted.>` but not
 * its dead letters. ActiveMQ adds up what all matching entries allow. Without the last entry nobody could connect.
 */
const authorization = `<authorizationPlugin><map><authorizationMap><authorizationEntries>
  <authorizationEntry queue="open.>" read="users" write="users" admin="users"/>
  <authorizationEntry queue="DLQ.open.>" read="users" write="users" admin="users"/>
  <authorizationEntry queue="closed.>" read="others" write="users" admin="users"/>
  <authorizationEntry queue="unsorted.>" read="users" write="users" admin="users"/>
  <authorizationEntry queue="DLQ.unsorted.>" read="users" write="others" admin="others"/>
  <authorizationEntry topic="ActiveMQ.Advisory.>" read="others" write="users" admin="users"/>
</authorizationEntries></authorizationMap></map></authorizationPlugin>`

/**
 * A real ActiveMQ that also speaks STOMP over TLS: at one port to everybody, at another only to who shows a certificate of the authority.
 * When it is started again it shows the certificate written last. Where it restricts nothing, our user may use any queue.
 */
export const startSecuredBroker = async (
  authority: string,
  shown: IssuedCertificate,
  { restricts = true }: { readonly restricts?: boolean } = {},
) => {
  const folder = mkdtempSync(join(tmpdir(), 'secured-broker-'))
  const [keyStore, trustStore] = [join(folder, 'broker.p12'), join(folder, 'trust.p12')]
  await writeKeyStore(keyStore, shown)
  await writeTrustStore(trustStore, authority)
  const [tlsPort, mutualPort] = [await freePort(), await freePort()]
  const options = 'transport.hbGracePeriodMultiplier=2.5&amp;transport.tcpNoDelay=true'
  const connector = (name: string, port: number, more = ''): string =>
    `<transportConnector name="${name}" uri="stomp+ssl://127.0.0.1:${port}?${options}${more}"/>`
  const configure: typeof brokerConfiguration = (given) =>
    brokerConfiguration(given)
      .replace('<statisticsBrokerPlugin/>', `${restricts ? authorization : ''}<statisticsBrokerPlugin/>`)
      .replace(
        '<transportConnectors>',
        `<sslContext><sslContext keyStore="file:${keyStore}" keyStorePassword="${storePassword}" keyStoreType="PKCS12"
          trustStore="file:${trustStore}" trustStorePassword="${storePassword}" trustStoreType="PKCS12"/></sslContext>
      <transportConnectors>
      ${connector('tls', tlsPort)}
      ${connector('mutual', mutualPort, '&amp;needClientAuth=true')}`,
      )
  const broker = await startMortalBroker(configure)
  /** The same user and password at another port. */
  const over = (port: number, host = 'localhost'): string => {
    const url = new URL(broker.url)
    return `stomp+ssl://${url.username}:${url.password}@${host}:${port}`
  }
  return {
    ...broker,
    tlsUrl: over(tlsPort),
    /** A name that its certificate does not carry. */
    tlsUrlByNumber: over(tlsPort, '127.0.0.1'),
    mutualUrl: over(mutualPort),
    plainUrl: broker.url,
    tlsPort,
    show: (certificate: IssuedCertificate): Promise<void> => writeKeyStore(keyStore, certificate),
    async remove(): Promise<void> {
      await broker.remove()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
