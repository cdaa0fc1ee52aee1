import type { Context } from 'hono'
import type { Readers } from '#archive/readers/open-readers.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Database } from '#database/connection.ts'
import type { FunctionAnswer } from '#function-server/call-function.ts'
import type { Log } from '#function-server/log.ts'
import type { ChangeFeed } from './change-feed.ts'
import type { LogWatches } from './logs/log-watches.ts'

/** All that the routes need from outside. */
export type ApiParts = {
  readonly database: Database
  readonly readers: Pick<Readers, 'call' | 'readScript'>
  readonly feed: ChangeFeed
  readonly logs: LogWatches
  /** Calls another of our functions, with the internal key. */
  readonly callFunction: (
    path: string,
    body: unknown,
    options: { readonly timeoutMs: number; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<FunctionAnswer>
  /** Asks dispatch to look at the line now; nothing waits for it. */
  readonly ringForWork: () => void
  /** Who asks; until there is access control everyone is an administrator. */
  readonly viewerOf: (context: Context) => Viewer
  readonly archiveRoot: string
  readonly resultsRoot: string
  /** What Windows machines call the results root, e.g. `\\server\results`; undefined where they do not see it. */
  readonly resultsRootWindows: string | undefined
  readonly log: Log
}
