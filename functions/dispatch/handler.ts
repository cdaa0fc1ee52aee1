import { Hono } from 'hono'
import { z } from 'zod'
import { BrokerUnavailable } from '#broker/broker-unavailable.ts'
import { brokerSecrets } from '#broker/broker-secrets.ts'
import { openBroker } from '#broker/open-broker.ts'
import { ringDataReady } from '#broker/ring-data-ready.ts'
import type { DataReady } from '#contracts/data-ready.ts'
import { openDatabase } from '#database/connection.ts'
import { forgetOldAnswers } from '#database/queries/idempotency-keys.ts'
import { forgetSilentProcessors } from '#database/queries/processors.ts'
import { shortestLeaseSeconds, usualLeaseSeconds } from '#domain/lease.ts'
import { faultFields, openLog } from '#function-server/log.ts'
import { problem } from '#function-server/problem.ts'
import { serveFunction } from '#function-server/serve-function.ts'
import { readSecret, readSettings } from '#function-server/settings.ts'
import { dispatchOnce } from './dispatch-once.ts'
import { lastCallMs, openLastCall } from './last-call.ts'
import { oneAtATime } from './one-at-a-time.ts'

const settings = readSettings(
  z.object({
    housekeeping_minutes: z.coerce.number().positive().default(10),
    /** As `process` has it. */
    lease_seconds: z.coerce.number().int().min(shortestLeaseSeconds).default(usualLeaseSeconds),
  }),
)
const log = openLog('dispatch')
const database = openDatabase(readSecret('database-url'), { connections: 4 })
const broker = openBroker({ ...brokerSecrets, log })

const lastCall = openLastCall()
let secondLook: NodeJS.Timeout | undefined
const dispatch = oneAtATime(async () => {
  const ring = (bells: readonly DataReady[]): Promise<void> => ringDataReady(broker, bells)
  try {
    const dispatched = await dispatchOnce(database, ring, settings.lease_seconds, lastCall.confirm)
    if (dispatched.requeued + dispatched.givenUp > 0) {
      const about = { event: { action: 'leases-reaped' }, labels: dispatched }
      log.warn(about, 'took back reductions whose processor was lost')
    }
    return dispatched
  } finally {
    if (lastCall.waiting() > 0) secondLook ??= setTimeout(lookAgain, lastCallMs + 100)
  }
})
const lookAgain = (): void => {
  secondLook = undefined
  dispatch().catch((fault: unknown) => log.warn(faultFields(fault), 'a second look failed; cron looks again'))
}

// What is asked for here is done for everybody, whoever asks: the request's body is not read.
const routes = new Hono().post('/', async (context) => {
  const dispatched = await dispatch().catch((fault: unknown) => {
    // The broker's supervisor has logged the outage, once; the next pass rings again.
    if (fault instanceof BrokerUnavailable) return problem(503, 'Out of reach', 'The broker is out of reach.')
    throw fault
  })
  return dispatched instanceof Response ? dispatched : context.json(dispatched)
})

const housekeeping = setInterval(() => {
  Promise.all([forgetOldAnswers(database), forgetSilentProcessors(database)]).catch((fault: unknown) =>
    log.warn(faultFields(fault), 'housekeeping failed; it is tried again'),
  )
}, settings.housekeeping_minutes * 60_000)

serveFunction({
  name: 'dispatch',
  log,
  routes,
  stop: async () => {
    clearInterval(housekeeping)
    clearTimeout(secondLook)
    await broker.close()
    await database.close()
  },
})
