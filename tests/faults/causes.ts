import { existsSync, mkdirSync, renameSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { openBroker } from '#broker/open-broker.ts'
import { ringDataReady } from '#broker/ring-data-ready.ts'
import { largestLostCount } from '#database/queries/lease-expired.ts'
import { signal, type Member } from '../a-stack/family.ts'
import { becomesTrue, pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import type { Cause, Prepared, Strike } from './cause.ts'
import { leaseSeconds } from './faults-stack.ts'
import { canDisksHang, openHangingDisk } from '../support/hanging-disk.ts'
import { mountSmallDisk } from './full-disk.ts'
import { connectionsForgotten, networkLost, overNetwork } from './network.ts'
import { redeploy } from './redeploy.ts'
import { freeze, kill, killAnyOf, killEverything, someTime, whenAtWork, whenThereIs, type Struck } from './strike.ts'
import { lastsUnlessStruck, longScripts, underWayFor } from './under-way.ts'
import { hangingFolders } from './watch-results.ts'

/** A lease, a tick of cron, dispatch's second look, and a moment: what the frozen one held is somebody else's by then. */
const untilTakenBack = leaseSeconds + 10 + 5 + 3

export const usualScripts = [0, 0.1, 2, 0.3, 0.5, 1, 4, 0.2, 6]

const just = (strike: Strike) => (): Promise<Prepared> => Promise.resolve({ strike, undo: () => Promise.resolve() })

const oneOfTwoProcessorsFrozen = async (stack: Stack): Promise<Prepared> => {
  const scale = (replicas: number) => stack.operate('POST', '/system/scale-function/process', { replicas })
  await scale(2)
  // Heard by the database, each takes its part.
  await becomesTrue(async () => (await processorsHeard(stack)) === 2, 30_000)
  return {
    strike: freeze('process', untilTakenBack),
    undo: async () => {
      await scale(1)
      await becomesTrue(() => stack.processesOf('process').length === 1, 40_000)
    },
  }
}

const processorsHeard = async (stack: Stack): Promise<number> => {
  const living = stack.processesOf('process').map(({ pid }) => `-${pid}-`)
  const rows = await stack.database.rows(z.object({ id: z.string() }), 'SELECT id FROM processors')
  return living.filter((mark) => rows.some(({ id }) => id.includes(mark))).length
}

const resultsDiskFull = async (stack: Stack): Promise<Prepared> => {
  const disk = await mountSmallDisk(stack)
  const strike: Strike = async (struck) => {
    await someTime(struck, 3_000, 8_000)
    await whenAtWork(struck, 'process')
    await disk.fill()
    await pause(10_000)
    await disk.free()
    struck.expectRecovery(new Date())
  }
  return { strike, undo: disk.end, holdsResults: disk.isOwnDisk }
}

/** Longer than the service waits for a disk, so that it is given up and later found to be well. */
const hungSeconds = 45

const resultsDiskHangs = async (stack: Stack): Promise<Prepared> => {
  const folder = join(stack.resultsRoot, 'GEM')
  // It has results already: they lie on the disk.
  const files = join(stack.folder, 'results-of-GEM')
  renameSync(folder, files)
  mkdirSync(folder)
  const disk = await openHangingDisk(folder, files)
  const strike: Strike = async (struck) => {
    await someTime(struck, 3_000, 8_000)
    await whenThereIs(struck, () => underWayFor(stack, 'GEM'))
    // From now on whoever looks there hangs; we too would.
    hangingFolders.add(folder)
    disk.hang()
    await pause(hungSeconds * 1_000)
    disk.goOn()
    hangingFolders.delete(folder)
    struck.expectRecovery(new Date())
  }
  const undo = async (): Promise<void> => {
    await disk.end()
    rmdirSync(folder)
    renameSync(files, folder)
    // Its processors remember that a disk was there, and would wait for it to come back.
    const before = stack.processesOf('process')
    for (const { pid } of before) signal(pid, 'SIGTERM')
    await becomesTrue(
      () => stack.processesOf('process').some((now) => before.every(({ pid }) => pid !== now.pid)),
      40_000,
    )
  }
  return { strike, undo, holdsResults: true }
}

const deleteBrokerStore = async (struck: Struck): Promise<void> => {
  await someTime(struck)
  await whenAtWork(struck, 'activemq')
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
      await whenAtWork(struck, 'dispatch')
      const [row] = await struck.stack.database.rows(
        z.object({ reductionId: z.number(), instrument: z.string(), run: z.coerce.number() }),
        `SELECT id AS reductionId, instrument, target AS run FROM reductions
         WHERE target NOT LIKE 'batch-%' ORDER BY id DESC LIMIT 1`,
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

const scriptsThatLast = [0, 0.5, 1, 2, 30]
/** As often as it may cost a processor, and once more. */
const lossesToGiveUp = largestLostCount + 1

/** Whoever holds one and the same reduction dies, until it is given up; then one more dies. */
const killWhoeverHoldsOne = async (struck: Struck): Promise<void> => {
  const { stack } = struck
  await someTime(struck)
  // Where all slots are taken by such scripts already, some may be nearly at their end.
  await whenThereIs(struck, () => longScripts(stack, scriptsThatLast, 5), 60_000)
  const [chosen] = await heldFor(stack, `target % ${scriptsThatLast.length} = ${scriptsThatLast.length - 1}`)
  if (!chosen) throw new Error('the long script has ended at once')
  for (let loss = 0; loss < lossesToGiveUp; loss += 1) {
    let holder: Member | undefined
    const isHeld = async (): Promise<boolean> => {
      const [held] = await heldFor(stack, `id = ${chosen.id}`)
      holder = stack.processesOf('process').find(({ pid }) => held?.owner.includes(`-${pid}-`))
      return holder !== undefined
    }
    // Behind long scripts of others.
    await becomesTrue(isHeld, 180_000, 50)
    if (!holder) throw new Error(`reduction ${chosen.id} was not taken up again after ${loss} losses`)
    const { pid } = holder
    await pause(struck.chance.between(0, 1_000))
    signal(pid, 'SIGKILL')
    struck.expectRecovery(new Date())
    // Until then it would seem to hold what it held.
    await becomesTrue(() => stack.processesOf('process').every((one) => one.pid !== pid), 20_000, 50)
  }
  await kill('process', 1)(struck)
}

const heldFor = (stack: Stack, condition: string) =>
  stack.database.rows(
    z.object({ id: z.number(), owner: z.string() }),
    `SELECT id, lease_owner AS owner FROM reductions
     WHERE ${lastsUnlessStruck} AND ${condition} ORDER BY started_at DESC LIMIT 1`,
  )

const [graceSeconds, scriptsBeyondGrace] = [8, [0, 0.5, 1, 2, 16]]

const terminated = async (stack: Stack): Promise<Prepared> => ({
  undo: await redeploy(stack, 'process', { grace_seconds: String(graceSeconds), grace_period: `${graceSeconds + 4}s` }),
  strike: terminate,
})

const terminate = async (struck: Struck): Promise<void> => {
  for (let time = 0; time < 2; time += 1) {
    await someTime(struck, 5_000, 9_000)
    // A second more, for the way there: what ends within the grace would not have to be given back.
    await whenThereIs(struck, () => longScripts(struck.stack, scriptsBeyondGrace, graceSeconds + 1))
    const told = struck.stack.processesOf('process')
    for (const { pid } of told) signal(pid, 'SIGTERM')
    const since = new Date()
    struck.expectRecovery(since)
    const isGone = (): boolean =>
      struck.stack.processesOf('process').every(({ pid }) => told.every((one) => one.pid !== pid))
    await becomesTrue(isGone, 20_000)
  }
}

const deployNewVersions = async (struck: Struck): Promise<void> => {
  for (const [turn, name] of ['process', 'submit', 'detect', 'dispatch', 'process', 'submit'].entries()) {
    await someTime(struck, 500, 3_000)
    await whenAtWork(struck, name)
    const since = new Date()
    await redeploy(struck.stack, name, { VERSION_UNDER_TEST: String(turn) })
    struck.expectRecovery(since)
  }
}

/** In the order of how likely each is to lose something. */
export const causes: readonly Cause[] = [
  { name: 'process-killed', prepare: just(kill('process', 3)) },
  { name: 'process-frozen', prepare: oneOfTwoProcessorsFrozen },
  { name: 'only-process-frozen', prepare: just(freeze('process', untilTakenBack)) },
  { name: 'mariadb-killed', prepare: just(kill('mariadb', 2)) },
  { name: 'mariadb-frozen', prepare: just(freeze('mariadb')), losesNoWorker: true },
  {
    name: 'results-disk-full',
    prepare: resultsDiskFull,
    errorsInOrder: /disk|No space left|File too large/i,
    losesNoWorker: true,
  },
  ...(canDisksHang ? [{ name: 'results-disk-of-one-hangs', prepare: resultsDiskHangs, losesNoWorker: true }] : []),
  {
    name: 'process-killed-five-times',
    scripts: scriptsThatLast,
    prepare: just(killWhoeverHoldsOne),
    errorsInOrder: /The processor died/,
  },
  { name: 'everything-killed', prepare: just(killEverything), detects: true },
  { name: 'gateway-killed', prepare: just(kill('gateway', 2)), detects: true },
  { name: 'gateway-frozen', prepare: just(freeze('gateway')), detects: true },
  { name: 'submit-killed', prepare: just(kill('submit', 4)), detects: true },
  { name: 'submit-frozen', prepare: just(freeze('submit')), detects: true },
  { name: 'detect-killed', prepare: just(kill('detect', 4)), detects: true },
  { name: 'detect-frozen', prepare: just(freeze('detect')), detects: true },
  { name: 'sigterm-beyond-grace', scripts: scriptsBeyondGrace, prepare: terminated, losesNoWorker: true },
  { name: 'two-versions-at-once', prepare: just(deployNewVersions), losesNoWorker: true },
  { name: 'activemq-killed', prepare: just(kill('activemq', 2)) },
  { name: 'activemq-frozen', prepare: just(freeze('activemq')) },
  { name: 'broker-store-deleted', prepare: just(deleteBrokerStore) },
  { name: 'dispatch-killed', prepare: just(kill('dispatch', 4)) },
  { name: 'dispatch-frozen', prepare: just(freeze('dispatch')) },
  { name: 'connector-killed', prepare: just(kill('connector', 3)) },
  { name: 'connector-frozen', prepare: just(freeze('connector')) },
  { name: 'same-message-300-times', prepare: just(ringAHundredTimes), losesNoWorker: true },
  { name: 'mariadb-network-lost', prepare: overNetwork('mariadb', networkLost), detects: true },
  { name: 'activemq-network-lost', prepare: overNetwork('activemq', networkLost) },
  { name: 'mariadb-connections-forgotten', prepare: overNetwork('mariadb', connectionsForgotten), detects: true },
  { name: 'activemq-connections-forgotten', prepare: overNetwork('activemq', connectionsForgotten) },
  {
    name: 'any-killed-among-1000',
    isOnlyByName: true,
    runsEach: 245,
    scripts: [0, 0.1, 2, 0.3, 0.5, 1, 0.2],
    prepare: just(
      killAnyOf(
        ['process', 'process', 'process', 'submit', 'dispatch', 'connector', 'gateway', 'mariadb', 'activemq'],
        30,
      ),
    ),
    // A reduction whose every processor was struck is given up, and says so.
    errorsInOrder: /The processor died/,
    errorsAreRare: true,
    detects: true,
  },
]
