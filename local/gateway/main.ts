import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { collectWhenIdle } from '#function-server/collect-when-idle.ts'
import { faultFields, openLog } from '#function-server/log.ts'
import { readSettings } from '#function-server/settings.ts'
import { z } from 'zod'
import { identify } from '../processes/identity.ts'
import { startGateway } from './gateway.ts'

const settingsSchema = z.object({
  PORT: z.coerce.number().int(),
  STATE_DIR: z.string(),
  BUNDLES: z.string(),
  /** What it was started from and with: `make up` starts it anew when that has changed. */
  LAUNCH_FINGERPRINT: z.string().default(''),
  ALLOWED_HOSTS: z.string().default(''),
})

/** The gateway as a process: starts, says where it is, stops in order on SIGTERM. */
const settings = readSettings(settingsSchema)
const log = openLog('gateway')
collectWhenIdle()
const secret = (name: string) => readFileSync(join(settings.STATE_DIR, 'secrets', name), 'utf8').trim()
const record = join(settings.STATE_DIR, 'gateway', 'gateway.json')

process.on('unhandledRejection', (fault) => log.error(faultFields(fault), 'a promise was left alone'))

const gateway = await startGateway({
  port: settings.PORT,
  stateDirectory: settings.STATE_DIR,
  bundles: settings.BUNDLES,
  credentials: { user: secret('basic-auth-user'), password: secret('basic-auth-password') },
  allowedHosts: settings.ALLOWED_HOSTS.split(',').filter((host) => host !== ''),
})
const launched = { identity: identify(process.pid), port: gateway.port, fingerprint: settings.LAUNCH_FINGERPRINT }
writeFileSync(record, JSON.stringify(launched), { mode: 0o600 })
log.info({ server: { port: gateway.port } }, 'the gateway listens')

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
