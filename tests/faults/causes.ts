import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { openBroker } from '#broker/open-broker.ts'
import { ringDataReady } from '#broker/ring-data-ready.ts'
import { leaseSeconds, signal, type Stack } from './a-stack.ts'
import { canDisksHang, openHangingDisk, type HangingDisk } from '../support/hanging-disk.ts'
import { mountSmallDisk } from './full-disk.ts'
import { becomesTrue, pause } from './pause.ts'
import { redeploy } from './redeploy.ts'
import { freeze, kill, killEverything, someTime, type Struck } from './strike.ts'
import { hangingInstruments } from './watch-results.ts'

export type Cause = {
  readonly name: string
  /** Lengths of the scripts, in seconds, by run number. */
  readonly scripts?: readonly number[]
  /** Detection must have looked again before all counts as well. */
  readonly detects?: boolean
  /** Before the load begins. @returns what undoes it after everything has been looked at */
  readonly prepare?: (stack: Stack) => Promise<() => Promise<void>>
  readonly strike: (struck: Struck) => Promise<void>
  /** An Error with such a reason is the right end here; when the cause is gone a re-run must complete. */
  readonly errorsInOrder?: RegExp
  /** A notice must have said that results could not be written, and must have ended. */
  readonly holdsResults?: () => boolean
  /** Nothing may count as a lost worker. */
  readonly losesNoWorker?: boolean
}

/** A lease, a tick of cron, dispatch's second look, and a moment: what the frozen one held is somebody else's by then. */
const untilTakenBack = leaseSeconds + 10 + 5 + 3

export const usualScripts = [0, 0.1, 2, 0.3, 0.5, 1, 4, 0.2, 6]

const twoProcessors = async (stack: Stack): Promise<() => Promise<void>> => {
  const scale = (replicas: number) => stack.operate('POST', '/system/scale-function/process', { replicas })
  await scale(2)
  await becomesTrue(() => stack.processesOf('process').length === 2, 20_000)
  await pause(2_000)
  return async () => {
    await scale(1)
    await becomesTrue(() => stack.processesOf('process').length === 1, 40_000)
  }
}

let undoDisk: Awaited<ReturnType<typeof mountSmallDisk>> | undefined

const fillDisk = async (struck: Struck): Promise<void> => {
  await someTime(struck, 3_000, 8_000)
  await undoDisk?.fill()
  await pause(10_000)
  await undoDisk?.free()
  struck.expectRecovery(new Date())
}

let hangingDisk: HangingDisk | undefined

/** Longer than the service waits for a disk, so that it is given up and later found to be well. */
const hungSeconds = 45

const hangDisk = async (struck: Struck): Promise<void> => {
  await someTime(struck, 3_000, 8_000)
  // From now on whoever looks there hangs; we too would.
  hangingInstruments.add('GEM')
  hangingDisk?.hang()
  await pause(hungSeconds * 1_000)
  hangingDisk?.goOn()
  hangingInstruments.delete('GEM')
  struck.expectRecovery(new Date())
}

const resultsDiskHangs: Cause = {
  name: 'results-disk-of-one-hangs',
  prepare: async (stack) => {
    const mountPoint = join(stack.resultsRoot, 'GEM')
    mkdirSync(mountPoint, { recursive: true })
    const disk = await openHangingDisk(mountPoint)
    hangingDisk = disk
    return disk.end
  },
  strike: hangDisk,
  holdsResults: () => true,
  losesNoWorker: true,
}

const deleteBrokerStore = async (struck: Struck): Promise<void> => {
  await someTime(struck)
  const { stack } = struck
  for (const { pid } of stack.processesOf('activemq')) signal(pid, 'SIGKILL')
  const since = new Date()
  await becomesTrue(() => stack.processesOf('activemq').length === 0, 5_000)
  const store = join(stack.stateDirectory, 'services', 'activemq', 'data')
  if (!existsSync(store)) throw new Error(`the broker's store is not at ${store}`)
  rmSync(store, { recursive: true })
  await stack.up()
  struck.expectRecovery(since)
}

const ringAHundredTimes = async (struck: Struck): Promise<void> => {
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const broker = openBroker({ url: await struck.stack.secret('broker-url'), log: silent })
  try {
    for (let time = 0; time < 3; time += 1) {
      await someTime(struck)
      const [row] = await struck.stack.database.rows(
        z.object({ reductionId: z.number(), instrument: z.string(), run: z.coerce.number() }),
        'SELECT id AS reductionId, instrument, target AS run FROM reductions ORDER BY id DESC LIMIT 1',
      )
      if (!row) continue
      const bell = { reductionId: row.reductionId, instrument: row.instrument, runNumbers: [row.run] }
      await ringDataReady(
        broker,
        Array.from({ length: 100 }, () => bell),
      )
      struck.expectRecovery(new Date())
    }
  } finally {
    await broker.close()
  }
}

const terminate = async (struck: Struck): Promise<void> => {
  for (let time = 0; time < 2; time += 1) {
    await someTime(struck, 5_000, 9_000)
    for (const { pid } of struck.stack.processesOf('process')) signal(pid, 'SIGTERM')
    const since = new Date()
    struck.expectRecovery(since)
    await pause(10_000)
  }
}

const deployNewVersions = async (struck: Struck): Promise<void> => {
  for (const [turn, name] of ['process', 'submit', 'detect', 'dispatch', 'process', 'submit'].entries()) {
    await someTime(struck, 500, 3_000)
    const since = new Date()
    await redeploy(struck.stack, name, { VERSION_UNDER_TEST: String(turn) })
    struck.expectRecovery(since)
  }
}

/** In the order of how likely each is to lose something. */
export const causes: readonly Cause[] = [
  { name: 'process-killed', strike: kill('process', 3) },
  { name: 'process-frozen', prepare: twoProcessors, strike: freeze('process', untilTakenBack) },
  { name: 'only-process-frozen', strike: freeze('process', untilTakenBack) },
  { name: 'mariadb-killed', strike: kill('mariadb', 2) },
  { name: 'mariadb-frozen', strike: freeze('mariadb'), losesNoWorker: true },
  {
    name: 'results-disk-full',
    prepare: async (stack) => {
      const disk = await mountSmallDisk(stack)
      undoDisk = disk
      return disk.end
    },
    strike: fillDisk,
    errorsInOrder: /disk|No space left|File too large/i,
    holdsResults: () => undoDisk?.isOwnDisk === true,
    losesNoWorker: true,
  },
  ...(canDisksHang ? [resultsDiskHangs] : []),
  {
    name: 'process-killed-five-times',
    scripts: [0, 0.5, 1, 2, 30],
    strike: kill('process', 5),
    errorsInOrder: /The processor died/,
  },
  { name: 'everything-killed', strike: killEverything, detects: true },
  { name: 'gateway-killed', strike: kill('gateway', 2), detects: true },
  { name: 'gateway-frozen', strike: freeze('gateway'), detects: true },
  { name: 'submit-killed', strike: kill('submit', 4), detects: true },
  { name: 'submit-frozen', strike: freeze('submit'), detects: true },
  { name: 'detect-killed', strike: kill('detect', 4), detects: true },
  { name: 'detect-frozen', strike: freeze('detect'), detects: true },
  {
    name: 'sigterm-beyond-grace',
    scripts: [0, 0.5, 1, 2, 16],
    prepare: (stack) => redeploy(stack, 'process', { grace_seconds: '8', grace_period: '12s' }),
    strike: terminate,
    losesNoWorker: true,
  },
  { name: 'two-versions-at-once', strike: deployNewVersions, losesNoWorker: true },
  { name: 'activemq-killed', strike: kill('activemq', 2) },
  { name: 'activemq-frozen', strike: freeze('activemq') },
  { name: 'broker-store-deleted', strike: deleteBrokerStore },
  { name: 'dispatch-killed', strike: kill('dispatch', 4) },
  { name: 'dispatch-frozen', strike: freeze('dispatch') },
  { name: 'connector-killed', strike: kill('connector', 3) },
  { name: 'connector-frozen', strike: freeze('connector') },
  { name: 'same-message-300-times', strike: ringAHundredTimes, losesNoWorker: true },
]
