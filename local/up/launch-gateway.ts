import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { fingerprintOf } from '../bundle/inputs.ts'
import { isFree } from '../processes/free-port.ts'
import { identitySchema, isAlive, type ProcessIdentity } from '../processes/identity.ts'
import { plainEnvironment, startDetached } from '../processes/start-detached.ts'
import { stopProcess } from '../processes/stop-process.ts'
import { whoHoldsPort } from '../processes/who-holds-port.ts'
import { tailOf } from '../services/private-service.ts'
import type { StateDirectory } from '../state/state-directory.ts'
import { sparingNode } from './sparing-node.ts'

const recordSchema = z.object({
  identity: identitySchema,
  port: z.number().int(),
  /** Absent in what an older gateway wrote. */
  metricsPort: z.number().int().optional(),
  fingerprint: z.string(),
})
export type GatewayRecord = z.infer<typeof recordSchema>

/** Functions drain for up to thirty seconds, then the gateway itself ends. */
export const gatewayGraceMs = 40_000
const startMs = 15_000

/** The gateway that runs for this state directory; undefined where none does. */
export function runningGateway(state: StateDirectory): GatewayRecord | undefined {
  try {
    const record = recordSchema.parse(JSON.parse(readFileSync(state.gatewayRecord, 'utf8')))
    return isAlive(record.identity) ? record : undefined
  } catch {
    return undefined
  }
}

/** @throws with who has the port, where it is neither free nor our own gateway's */
export async function assertPortIsToBeHad(state: StateDirectory, port: number): Promise<void> {
  if (runningGateway(state)?.port !== port && !(await isFree(port))) throw new Error(takenSentence(port))
}

/**
 * Starts the gateway as a process of its own that outlives this one, or leaves the running one alone where it is of
 * this port and this code.
 */
export async function launchGateway(
  state: StateDirectory,
  { port, bundles, signal }: { port: number; bundles: string; signal: AbortSignal },
): Promise<'started' | 'started anew' | 'already running'> {
  const program = join(bundles, 'gateway', 'main.mjs')
  const files = ['gateway/main.mjs', 'gateway/watchdog-process.mjs']
  const fingerprint = fingerprintOf(bundles, files, [process.execPath, ...sparingNode])
  const running = runningGateway(state)
  if (running !== undefined) {
    const isSame = running.port === port && running.fingerprint === fingerprint
    if (isSame && (await answers(port))) return 'already running'
    await stopProcess(running.identity, gatewayGraceMs)
  }
  if (!(await isFree(port))) throw new Error(takenSentence(port))
  mkdirSync(state.logs, { recursive: true, mode: 0o700 })
  const logFile = join(state.logs, 'gateway.log')
  const child = startDetached({
    program: process.execPath,
    args: [...sparingNode, program],
    directory: state.root,
    environment: {
      ...plainEnvironment(),
      NODE_COMPILE_CACHE: state.compileCache,
      PORT: String(port),
      STATE_DIR: state.root,
      BUNDLES: bundles,
      LAUNCH_FINGERPRINT: fingerprint,
      METRICS_PORT: process.env['METRICS_PORT'],
      ALLOWED_HOSTS: process.env['ALLOWED_HOSTS'],
    },
    logFile,
  })
  const ended = once(child, 'exit').then(() => 'ended' as const)
  const deadline = Date.now() + startMs
  for (;;) {
    if ((await Promise.race([ended, delay(30, 'waited', { signal })])) === 'ended' || Date.now() > deadline) {
      throw new Error(`The gateway did not start; the end of ${logFile}:\n${tailOf(logFile)}`)
    }
    if (runningGateway(state)?.identity.pid === child.pid && (await answers(port))) break
  }
  return running === undefined ? 'started' : 'started anew'
}

export async function stopGateway(running: { identity: ProcessIdentity }): Promise<void> {
  await stopProcess(running.identity, gatewayGraceMs)
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok
  } catch {
    return false
  }
}

function takenSentence(port: number): string {
  const holder = whoHoldsPort(port)
  const who = holder === undefined ? 'another program' : `process ${holder.pid} (${holder.command.slice(0, 100)})`
  return `Port ${port} is taken by ${who}. Choose another: PORT=${port + 1} make up`
}
