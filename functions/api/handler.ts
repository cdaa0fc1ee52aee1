import { z } from 'zod'
import { openReaders } from '#archive/readers/open-readers.ts'
import { everyone } from '#contracts/viewer.ts'
import { openDatabase } from '#database/connection.ts'
import { changeEventsBetween, eventIdsAfter, isEventIdHeld, startOfEvents } from '#database/queries/change-events.ts'
import { askDispatch, callFunction } from '#function-server/call-function.ts'
import { faultFields, openLog } from '#function-server/log.ts'
import { serveFunction } from '#function-server/serve-function.ts'
import { readSecret, readSettings } from '#function-server/settings.ts'
import { openChangeFeed } from './change-feed.ts'
import { openLogWatches } from './logs/log-watches.ts'
import { apiRoutes } from './routes.ts'

const settings = readSettings(
  z.object({
    ARCHIVE_ROOT: z.string(),
    RESULTS_ROOT: z.string(),
    RESULTS_ROOT_WINDOWS: z.string().optional(),
    gateway_url: z.url(),
  }),
)
const log = openLog('api')
const database = openDatabase(readSecret('database-url'))
const readers = openReaders({ root: settings.ARCHIVE_ROOT, log })
const feed = openChangeFeed(
  {
    start: () => startOfEvents(database),
    idsAfter: (id) => eventIdsAfter(database, id),
    isIdHeld: (from, to) => isEventIdHeld(database, from, to),
    eventsBetween: (viewer, after, upTo) => changeEventsBetween(database, viewer, after, upTo),
  },
  log,
)
const logs = openLogWatches(log)

serveFunction({
  name: 'api',
  log,
  routes: apiRoutes({
    database,
    readers,
    feed,
    logs,
    callFunction: (path, body, { timeoutMs, headers }) =>
      callFunction(settings.gateway_url, path, {
        body,
        timeoutMs,
        headers: { authorization: `Bearer ${readSecret('internal-key')}`, ...headers },
      }),
    ringForWork: () => {
      askDispatch(settings.gateway_url).catch((fault: unknown) =>
        log.info(faultFields(fault), 'dispatch was not reached; it looks by itself every ten seconds'),
      )
    },
    viewerOf: () => everyone,
    archiveRoot: settings.ARCHIVE_ROOT,
    resultsRoot: settings.RESULTS_ROOT,
    resultsRootWindows: settings.RESULTS_ROOT_WINDOWS,
    log,
  }),
  // Streams of changes never end by themselves, and those of logs may last for hours.
  stopping: () => {
    feed.close()
    logs.close()
  },
  stop: async () => {
    readers.close()
    await database.close()
  },
})
