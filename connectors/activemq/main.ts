import { Hono } from 'hono'
import { Registry } from 'prom-client'
import { brokerSecrets, checkBrokerSecrets } from '#broker/broker-secrets.ts'
import { faultFields, openLog } from '#function-server/log.ts'
import { serveFunction } from '#function-server/serve-function.ts'
import { readSecret } from '#function-server/settings.ts'
import { readConnectorSettings } from './read-settings.ts'
import { startConnector } from './start-connector.ts'

const name = 'activemq-connector'
const log = openLog(name)

const start = (): void => {
  const settings = readConnectorSettings()
  checkBrokerSecrets()
  const registry = new Registry()
  const connector = startConnector({
    settings,
    brokerUrl: brokerSecrets.url,
    brokerCertificates: brokerSecrets.certificates,
    credentials: () =>
      settings.hasBasicAuth
        ? { user: readSecret('basic-auth-user'), password: readSecret('basic-auth-password') }
        : null,
    registry,
    log,
  })
  serveFunction({
    name,
    routes: new Hono(),
    log,
    registry,
    ready: connector.isReady,
    stopping: connector.stop,
    graceMs: settings.shutdownTimeoutMs + 5_000,
  })
}

try {
  start()
} catch (fault) {
  log.error(faultFields(fault), fault instanceof Error ? fault.message : String(fault))
  process.exitCode = 1
}
