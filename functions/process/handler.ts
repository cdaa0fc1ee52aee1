import { defaultEnvironment } from '#contracts/environments.ts'
import { openDatabase } from '#database/connection.ts'
import { removeProcessor } from '#database/queries/processors.ts'
import { askDispatch } from '#function-server/call-function.ts'
import { faultFields, openLog } from '#function-server/log.ts'
import { serveFunction } from '#function-server/serve-function.ts'
import { readSecret, readSettings } from '#function-server/settings.ts'
import { openDisk, usualSilenceMs } from '#results/disk/open-disk.ts'
import { startBeat } from './beat.ts'
import { readEnvironments } from './environments.ts'
import { openLauncher } from './open-launcher.ts'
import { usualRhythm, type Processor } from './processor.ts'
import { openResultsPlaces } from './results-places.ts'
import { createRoutes } from './routes.ts'
import { openScratch } from './scratch.ts'
import { settingsSchema } from './settings.ts'
import { openSlots } from './slots.ts'

/** Before the grace ends: time to end a script's processes (5 s at worst), to give its reduction back and to close. */
const lastSecondsMs = 6_000

const log = openLog('process')
const settings = readSettings(settingsSchema)
let environments = await readEnvironments(settings.environmentsFile)
for (const { name, version, interpreter } of environments.missing) {
  log.warn({ file: { path: interpreter } }, `the interpreter of ${name} ${version} is not on this machine`)
}
const scratch = await openScratch(settings.scratchRoot)
// For each slot a connection for its heart, one for the look for a cancel, one for its transaction, and some for everything else.
const database = openDatabase(readSecret('database-url'), { connections: settings.slots * 3 + 4 })
const slots = openSlots(settings.slots)
const { launcher, report, prepare, keepOnly } = await openLauncher(scratch, {
  isolation: settings.isolation,
  environments: environments.present,
  readable: settings.readable,
  hidden: settings.hidden,
  say: (message) => log.warn({}, message),
})
tellIsolation()

// A process for each reduction's instrument, and some for what is swept, probed and finished beside.
const disk = openDisk({ log, places: Math.min(settings.slots, 12) + 4, silenceMs: usualSilenceMs })
const places = openResultsPlaces({
  disk,
  settings,
  processor: scratch.processor,
  log,
  probeAgainMs: usualRhythm.probeAgainMs,
})

const processor: Processor = {
  id: scratch.processor,
  database,
  launcher,
  scratch,
  disk,
  places,
  settings,
  rhythm: usualRhythm,
  log,
  environments: () => environments.present,
  askForWork: () => {
    askDispatch(settings.gatewayUrl).catch((fault: unknown) =>
      log.info(faultFields(fault), 'dispatch was not reached; it looks by itself every ten seconds'),
    )
  },
}

const beat = startBeat(processor, async () => {
  environments = await readEnvironments(settings.environmentsFile)
  keepOnly(environments.present)
  const usual = defaultEnvironment(environments.present)
  // Beside the beat: importing may take longer than others wait to hear of this processor.
  if (usual) void prepare(usual)
})

serveFunction({
  name: 'process',
  log,
  routes: createRoutes(processor, slots, () => readSecret('internal-key')),
  ready: () => beat.isHeard() && environments.present.length > 0,
  graceMs: settings.graceMs,
  stopping: async () => {
    beat.stop()
    slots.close()
    // Side by side: a database that does not answer may not cost the scripts their time.
    const removed = removeProcessor(database, processor.id).catch(() => undefined)
    await slots.drain(Math.max(0, settings.graceMs - lastSecondsMs))
    places.close()
    await removed
  },
  stop: async () => {
    await launcher.close()
    disk.close()
    await scratch.close()
    await database.close()
  },
})

function tellIsolation(): void {
  const { preparedWorkers, bubblewrap, isIsolated } = report
  const about = { event: { action: 'isolation' }, labels: report }
  const what = `prepared workers: ${preparedWorkers}; bubblewrap: ${bubblewrap}`
  if (isIsolated) log.info(about, `scripts run isolated (${what})`)
  else log.warn(about, `scripts run without isolation (${what})`)
}
