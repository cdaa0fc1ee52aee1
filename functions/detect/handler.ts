import { z } from 'zod'
import { openReaders } from '#archive/readers/open-readers.ts'
import { openDatabase } from '#database/connection.ts'
import { openLog } from '#function-server/log.ts'
import { serveFunction } from '#function-server/serve-function.ts'
import { booleanSetting, readSecret, readSettings } from '#function-server/settings.ts'
import { openHandOver } from './hand-over.ts'
import { detectRoutes } from './routes.ts'

const settings = readSettings(
  z.object({
    ARCHIVE_ROOT: z.string(),
    INSTRUMENTS_FILE: z.string().optional(),
    watch_found_instruments: booleanSetting.default(false),
    gateway_url: z.url(),
    /** How long an instrument's counter may take to answer. */
    lastrun_seconds: z.coerce.number().positive().default(5),
  }),
)
const log = openLog('detect')
const database = openDatabase(readSecret('database-url'))
const readers = openReaders({ root: settings.ARCHIVE_ROOT, log, perCallTimeoutMs: settings.lastrun_seconds * 1000 })
const stopping = new AbortController()

serveFunction({
  name: 'detect',
  log,
  routes: detectRoutes({
    database,
    readers,
    log,
    handOver: openHandOver({
      database,
      log,
      gatewayUrl: settings.gateway_url,
      internalKey: () => readSecret('internal-key'),
      stopping: stopping.signal,
    }),
    instrumentsFile: settings.INSTRUMENTS_FILE,
    watchesFound: settings.watch_found_instruments,
    lookingAt: new Set(),
  }),
  stopping: () => stopping.abort(),
  stop: async () => {
    readers.close()
    await database.close()
  },
})
