import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { collectWhenIdle } from '#function-server/collect-when-idle.ts'
import { openLog, faultFields } from '#function-server/log.ts'
import { readSecret, readSettings } from '#function-server/settings.ts'
import { z } from 'zod'
import { parseDuration } from '../gateway/functions/limits.ts'
import { askJson } from './ask-json.ts'
import { runCron } from './run-cron.ts'
import { listedFunctionsSchema, scheduledFunctions } from './scheduled-functions.ts'

const settingsSchema = z.object({
  gateway_url: z.url(),
  rebuild_interval: z
    .string()
    .default('10s')
    .transform((text) => parseDuration(text))
    .refine((value) => value !== undefined, 'a duration such as "10s" was expected'),
})

/** A process that calls functions by the clock, with the settings of OpenFaaS' cron connector. */
const settings = readSettings(settingsSchema)
const log = openLog('cron')
collectWhenIdle()
const agent = new Agent({ keepAlive: true })
const stopping = new AbortController()

const cron = runCron((address) => {
  const headers = { 'X-Connector': 'cron-connector', 'X-Topic': 'cron-function', 'Content-Length': '0' }
  const url = `${settings.gateway_url}/function/${address}`
  const called = request(url, { method: 'POST', headers, agent }, (answer) => {
    answer.resume()
    answer.on('error', (error) => log.warn(faultFields(error), `${address} broke off its answer`))
    if ((answer.statusCode ?? 0) >= 400) log.warn({}, `${address} answered ${answer.statusCode}`)
  })
  called.on('error', (error) => log.warn(faultFields(error), `${address} could not be called`))
  called.end()
})

const stop = () => {
  cron.stop()
  stopping.abort()
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
if (process.env['exit_with_parent'] === '1') process.stdin.resume().on('end', stop)

let known = ''
while (!stopping.signal.aborted) {
  try {
    const authorization = `Basic ${btoa(`${readSecret('basic-auth-user')}:${readSecret('basic-auth-password')}`)}`
    const listed = await askJson(`${settings.gateway_url}/system/functions`, { authorization, signal: stopping.signal })
    const { scheduled, faulty } = scheduledFunctions(listedFunctionsSchema.parse(listed))
    cron.become(scheduled)
    const seen = [...scheduled, ...faulty].map((one) => `${one.address} ${one.text}`).join(', ')
    if (seen !== known) log.info({}, `calls by the clock: ${seen || 'nothing'}`)
    if (seen !== known) for (const { address, text } of faulty) log.warn({}, `${address}: "${text}" is no schedule`)
    known = seen
  } catch (error) {
    // What is known goes on: the gateway may be away for a moment.
    if (!stopping.signal.aborted) log.warn(faultFields(error), 'the gateway could not be asked for its functions')
  }
  await delay(settings.rebuild_interval, undefined, { signal: stopping.signal }).catch(() => undefined)
}
process.exit(0)
