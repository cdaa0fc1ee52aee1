import type { Environment } from '#contracts/environments.ts'
import type { Database } from '#database/connection.ts'
import type { Log } from '#function-server/log.ts'
import type { Disk } from '#results/disk/open-disk.ts'
import type { Launcher } from './launcher.ts'
import type { ResultsPlaces } from './results-places.ts'
import type { Scratch } from './scratch.ts'
import type { Settings } from './settings.ts'

/** How often things are looked at while a script runs. */
type Rhythm = {
  readonly heartBeatMs: number
  /** Between two beats is asked whether a person wants it ended. */
  readonly cancelLookMs: number
  readonly measureMs: number
  readonly beatMs: number
  readonly sweepMs: number
  /** After which an instrument whose results cannot be written is probed again; later ever more seldom. */
  readonly probeAgainMs: number
}

export const usualRhythm: Rhythm = {
  heartBeatMs: 2_000,
  cancelLookMs: 500,
  measureMs: 5_000,
  beatMs: 10_000,
  sweepMs: 60_000,
  probeAgainMs: 5_000,
}

/** One replica of `process`, with all it works with. */
export type Processor = {
  readonly id: string
  readonly database: Database
  readonly launcher: Launcher
  readonly scratch: Scratch
  /** The results disk; nothing else here touches it. */
  readonly disk: Disk
  /** What is known of each instrument's results. */
  readonly places: ResultsPlaces
  readonly settings: Settings
  readonly rhythm: Rhythm
  readonly log: Log
  /** The software environments this machine has now. */
  readonly environments: () => readonly Environment[]
  /** Asks `dispatch` to ring; never fails. */
  readonly askForWork: () => void
}
