import './assert-node.ts'
import { join } from 'node:path'
import { withLock } from './processes/lock.ts'
import { readUpSettings } from './state/up-settings.ts'
import { showSteps } from './steps/steps.ts'
import { bringUp } from './up/bring-up.ts'
import { nextThings } from './up/next-things.ts'

/** `make up` */
const projectDirectory = join(import.meta.dirname, '..')
const began = performance.now()
const steps = showSteps(console.log, process.stdout.isTTY && process.env['NO_COLOR'] === undefined)

try {
  const settings = readUpSettings(process.env, projectDirectory)
  const onWait = (holder: string) => steps.note(`another make up is at work here (${holder}): waiting for it`)
  await withLock(`make-up ${settings.stateDirectory}`, { onWait }, () => bringUp(settings, projectDirectory, steps))
  console.log(nextThings(settings, (performance.now() - began) / 1000))
  // Services were started by this process and go on without it: nothing of theirs may keep it.
  process.exit(0)
} catch (error) {
  console.error(`\nmake up failed: ${error instanceof Error ? error.message : String(error)}`)
  if (process.env['DEBUG'] !== undefined) console.error(error)
  process.exit(1)
}
