import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** One program of the stack: its sources' entry, and its name, under which it lies in `dist/`. */
export type Bundle = {
  readonly name: string
  readonly entry: string
  /** Folders that go beside it as they are. */
  readonly copies: readonly { readonly from: string; readonly to: string }[]
}

/** Programs that are started by a bundle: made beside it where the bundle holds the module that starts them. */
export const startedPrograms = [
  { by: 'shared/archive/readers/reader-program.ts', entry: 'shared/archive/readers/reader-process.ts' },
  { by: 'shared/results/disk/disk-program.ts', entry: 'shared/results/disk/disk-process.ts' },
  { by: 'local/gateway/functions/watchdog-program.ts', entry: 'local/gateway/watchdog/watchdog-process.ts' },
] as const

/** All that is bundled: every function with a handler, the connector, the gateway, cron, the command line. */
export function findBundles(projectDirectory: string): Bundle[] {
  const functions = readdirSync(join(projectDirectory, 'functions')).sort()
  const candidates = [
    ...functions.map((name) => ({ name, entry: `functions/${name}/handler.ts`, copies: runnerOf(name) })),
    { name: 'activemq-connector', entry: 'connectors/activemq/main.ts', copies: [] },
    { name: 'gateway', entry: 'local/gateway/main.ts', copies: [] },
    { name: 'cron', entry: 'local/cron/main.ts', copies: [] },
    // Checks scripts by the very runner of the function that runs them.
    { name: 'autoreduce', entry: 'cli/main.ts', copies: runnerOf('process') },
  ]
  return candidates.filter(({ entry }) => existsSync(join(projectDirectory, entry)))

  function runnerOf(name: string): Bundle['copies'] {
    const from = `functions/${name}/runner`
    return existsSync(join(projectDirectory, from)) ? [{ from, to: 'runner' }] : []
  }
}
