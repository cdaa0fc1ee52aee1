import { fileURLToPath } from 'node:url'

/** The program that serves a function whose `fprocess` is run once for each call: beside us, as source or as bundle. */
export const watchdogProgram = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../watchdog/watchdog-process.ts' : './watchdog-process.mjs',
    import.meta.url,
  ),
)
