import './assert-node.ts'
import { join } from 'node:path'
import { gatewayClient } from './deploy/gateway-client.ts'
import { privateServices } from './services/stack-services.ts'
import { readStateSecret } from './state/secrets.ts'
import { stateDirectory } from './state/state-directory.ts'
import { readStateDirectory } from './state/up-settings.ts'
import { formatTable, statusRows } from './status/status-table.ts'
import { runningGateway } from './up/launch-gateway.ts'

/** `make status`: every process, and whether it does its work. Ends with 1 where something is down. */
const state = stateDirectory(readStateDirectory(process.env, join(import.meta.dirname, '..')))
const services = privateServices(state.services)
const running = runningGateway(state)

if (running === undefined) {
  console.log(formatTable(statusRows(services, { functions: [], companions: [] }), new Date()))
  console.log(`\nThe gateway is not running for ${state.root}. Start it: make up`)
  process.exit(1)
}

try {
  const secret = (name: string) => readStateSecret(state.secrets, name)
  const client = gatewayClient(running.port, secret('basic-auth-user'), secret('basic-auth-password'))
  const rows = statusRows(services, await client.status())
  const down = rows.filter((row) => !row.isUp).map((row) => row.name)
  console.log(formatTable(rows, new Date()))
  console.log(`\nhttp://127.0.0.1:${running.port}/  (gateway: process ${running.identity.pid}, state in ${state.root})`)
  if (running.metricsPort !== undefined) console.log(`http://127.0.0.1:${running.metricsPort}/metrics`)
  if (down.length > 0) console.log(`Down: ${down.join(', ')}`)
  process.exitCode = down.length > 0 ? 1 : 0
} catch (error) {
  console.log(`The gateway (process ${running.identity.pid}) does not answer: ${String(error)}`)
  process.exitCode = 1
}
