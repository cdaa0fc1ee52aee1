import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startStack, type Stack } from '../a-stack/start-stack.ts'

export const instruments = ['GEM', 'LET', 'MAPS', 'WISH'] as const
export type Instrument = (typeof instruments)[number]
/** Its people find all files in one folder. */
export const flatInstrument: Instrument = 'WISH'

/** Short enough that a fault outlasts it in seconds; hearts beat every two. */
export const leaseSeconds = 10
export const slots = 4

const script = await readFile(join(import.meta.dirname, 'reduce.py'), 'utf8')

/** How long scripts take from now on: run number modulo the length of the list. */
export const setScript = (stack: Stack, seconds: readonly number[]): Promise<void> =>
  stack.archive.setScript(instruments, scriptOf(seconds))

const scriptOf = (seconds: readonly number[]): string =>
  script.replace(/^SECONDS = .*$/m, `SECONDS = ${JSON.stringify(seconds)}`)

export const startFaultsStack = (signal: AbortSignal): Promise<Stack> =>
  startStack({
    of: 'faults',
    instruments,
    flat: [flatInstrument],
    lastRun: 1000,
    script: scriptOf([0]),
    watches: 'file',
    settings: { LEASE_SECONDS: String(leaseSeconds), SLOTS: String(slots) },
    signal,
  })
