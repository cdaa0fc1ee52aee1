import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { collectWhenIdle } from '#function-server/collect-when-idle.ts'
import { faultFields, openLog } from '#function-server/log.ts'
import { readSettings } from '#function-server/settings.ts'
import { z } from 'zod'
import { identify } from '../processes/identity.ts'
import { ensureSecrets, readStateSecret } from '../state/secrets.ts'
import { startGateway } from './gateway.ts'

const settingsSchema = z.object({
  PORT: z.coerce.number().int(),
  /** Where Prometheus finds `/metrics`: OpenFaaS' own port beside its gateway's, else any that is free. */
  METRICS_PORT: z.coerce.number().int().optional(),
  STATE_DIR: z.string(),
  BUNDLES: z.string(),
  /** What it was started from and with: `make up` starts it anew when that has changed. */
  LAUNCH_FINGERPRINT: z.string().default(''),
  ALLOWED_HOSTS: z.string().default(''),
})

/** The gateway as a process: starts, says where it is, stops in order on SIGTERM. Credentials that are missing are made. */
const settings = readSettings(settingsSchema)
const log = openLog('gateway')
collectWhenIdle()
const folder = join(settings.STATE_DIR, 'gateway')
const record = join(folder, 'gateway.json')
const secretsFolder = join(settings.STATE_DIR, 'secrets')
mkdirSync(folder, { recursive: true, mode: 0o700 })
ensureSecrets(secretsFolder)
const secret = (name: string) => readStateSecret(secretsFolder, name)

process.on('unhandledRejection', (fault) => log.error(faultFields(fault), 'a promise was left alone'))

const metricsPort = settings.METRICS_PORT ?? (settings.PORT === 8080 ? 8082 : 0)
const gateway = await startGateway({
  port: settings.PORT,
  metricsPort,
  stateDirectory: settings.STATE_DIR,
  bundles: settings.BUNDLES,
  credentials: { user: secret('basic-auth-user'), password: secret('basic-auth-password') },
  allowedHosts: settings.ALLOWED_HOSTS.split(',')
    .map((host) => host.trim())
    .filter((host) => host !== ''),
})
const launched = {
  identity: identify(process.pid),
  port: gateway.port,
  metricsPort: gateway.metricsPort,
  fingerprint: settings.LAUNCH_FINGERPRINT,
}
writeFileSync(record, JSON.stringify(launched), { mode: 0o600 })
log.info({ server: { port: gateway.port } }, 'the gateway listens')
if (metricsPort !== 0 && metricsPort !== gateway.metricsPort) {
  log.warn({}, `port ${metricsPort} is taken: /metrics is at port ${gateway.metricsPort}`)
}

let isStopping = false
const stop = async () => {
  if (isStopping) return
  isStopping = true
  log.info({}, 'the gateway is asked to stop')
  await gateway.stop()
  rmSync(record, { force: true })
  log.info({}, 'the gateway has stopped')
  process.exit(0)
}
process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
