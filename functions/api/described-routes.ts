import { openChangeFeed } from './change-feed.ts'
import { describeApi } from './describe-api.ts'
import { openLogWatches } from './logs/log-watches.ts'
import { apiRoutes } from './routes.ts'

const nothing = (): never => {
  throw new Error('The routes are only described here, and none is called.')
}
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** The text of `docs/openapi.json`, from the routes as they are now. */
export const describedRoutes = (): string => {
  const feed = openChangeFeed({ start: nothing, idsAfter: nothing, isIdHeld: nothing, eventsBetween: nothing }, silent)
  const app = apiRoutes({
    database: { rows: nothing, change: nothing, transaction: nothing, within: nothing, close: nothing },
    readers: { call: nothing, readScript: nothing },
    feed,
    logs: openLogWatches(silent),
    callFunction: nothing,
    ringForWork: nothing,
    viewerOf: nothing,
    archiveRoot: '/',
    resultsRoot: '/',
    resultsRootWindows: undefined,
    log: silent,
  })
  return `${JSON.stringify(describeApi(app), null, 2)}\n`
}
