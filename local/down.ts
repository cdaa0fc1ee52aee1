import './assert-node.ts'
import { join } from 'node:path'
import { runningGateway, stopGateway } from './up/launch-gateway.ts'
import { endLeftovers } from './supervision/leftover-processes.ts'
import { withLock } from './processes/lock.ts'
import { stopServices } from './services/stack-services.ts'
import { readStateDirectory } from './state/up-settings.ts'
import { stateDirectory } from './state/state-directory.ts'
import { showSteps } from './steps/steps.ts'

/**
 * `make down`: the simulator, cron and the connector first, so that no new work comes; then the functions, which finish
 * or give back what they hold; the gateway; last the services that all of them used.
 */
const projectDirectory = join(import.meta.dirname, '..')
const state = stateDirectory(readStateDirectory(process.env, projectDirectory))
const steps = showSteps(console.log, process.stdout.isTTY && process.env['NO_COLOR'] === undefined)

try {
  const onWait = (holder: string) => steps.note(`a make up is at work here (${holder}): waiting for it`)
  await withLock(`make-up ${state.root}`, { onWait }, async () => {
    const running = runningGateway(state)
    await steps.run(
      'functions',
      async () => {
        if (running !== undefined) await stopGateway(running)
        await endLeftovers(join(state.gatewayFolder, 'processes.json'))
      },
      () => (running === undefined ? 'were not running' : 'stopped, with the gateway and its companions'),
    )
    await steps.run(
      'services',
      () => stopServices(state.services, projectDirectory),
      () => 'stopped',
    )
  })
  console.log(`\nEverything is stopped. Data stay in ${state.root}`)
} catch (error) {
  console.error(`\nmake down failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
