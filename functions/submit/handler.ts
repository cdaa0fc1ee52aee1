import { z } from 'zod'
import { openReaders } from '#archive/readers/open-readers.ts'
import { openDatabase } from '#database/connection.ts'
import { askDispatch } from '#function-server/call-function.ts'
import { faultFields, openLog } from '#function-server/log.ts'
import { serveFunction } from '#function-server/serve-function.ts'
import { readSecret, readSettings } from '#function-server/settings.ts'
import { lookThrough } from './look-in-archive.ts'
import { submitRoutes } from './routes.ts'

const settings = readSettings(z.object({ ARCHIVE_ROOT: z.string(), RESULTS_ROOT: z.string(), gateway_url: z.url() }))
const log = openLog('submit')
const database = openDatabase(readSecret('database-url'))
const readers = openReaders({ root: settings.ARCHIVE_ROOT, log })

serveFunction({
  name: 'submit',
  log,
  routes: submitRoutes({
    database,
    looking: lookThrough(readers, settings.RESULTS_ROOT),
    internalKey: () => readSecret('internal-key'),
    ringForWork: () => {
      askDispatch(settings.gateway_url).catch((fault: unknown) =>
        log.warn(faultFields(fault), 'dispatch could not be asked; its next tick rings'),
      )
    },
    log,
  }),
  stop: async () => {
    readers.close()
    await database.close()
  },
})
