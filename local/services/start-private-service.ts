import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../processes/free-port.ts'
import { identify } from '../processes/identity.ts'
import { startDetached, type Detached } from '../processes/start-detached.ts'
import { stopProcess } from '../processes/stop-process.ts'
import {
  isRunning,
  readRecord,
  ServiceStartFault,
  tailOf,
  writeRecord,
  type PrivateService,
  type PrivateServiceOptions,
} from './private-service.ts'

/** What differs from one service to the next. */
export type ServiceKind = {
  readonly name: string
  readonly graceMs: number
  readonly startWaitMs: number
  url(port: number): string
  /** Does a client get a real answer at this address? */
  answers(url: string): Promise<boolean>
  /** Writes settings for this port and says what to run. */
  prepare(port: number): Promise<Detached>
  /** Once it answers: throws away what only the start needed. */
  started(): void
}

/**
 * Starts a service in its folder, or takes over the one that is already running there. The port of the last start is
 * kept unless somebody else has it by now.
 */
export async function startPrivateService(kind: ServiceKind, options: PrivateServiceOptions): Promise<PrivateService> {
  const { directory, signal } = options
  const last = readRecord(directory)
  if (isRunning(last)) {
    const url = kind.url(last.port)
    // Patiently: on a busy machine a sound service answers late, and ending it helps nobody.
    if (await becomesTrue(() => kind.answers(url), 30_000, signal)) return service(kind, url, last.identity)
    signal?.throwIfAborted()
    await stopProcess(last.identity, kind.graceMs)
  }
  let port = await freePort(last?.port)
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted()
    try {
      return await startOnce(kind, options, port)
    } catch (error) {
      if (attempt === 3 || signal?.aborted) throw error
      port = await freePort()
    }
  }
}

async function startOnce(kind: ServiceKind, options: PrivateServiceOptions, port: number): Promise<PrivateService> {
  const { directory, signal, purpose } = options
  const detached = { ...(await kind.prepare(port)), diesWithParent: purpose === 'tests' }
  const child = startDetached(detached)
  const url = kind.url(port)
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  if (identity === undefined) {
    if (failure === undefined) await once(child, 'error').catch((error: unknown) => (failure = toError(error)))
    throw new ServiceStartFault(`${kind.name} cannot be started: ${failure?.message ?? 'it ended at once'}`)
  }
  writeRecord(directory, { identity, port })
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const isUp = await becomesTrue(async () => hasEnded() || (await kind.answers(url)), kind.startWaitMs, signal)
  if (isUp && !hasEnded()) {
    kind.started()
    return service(kind, url, identity)
  }
  await stopProcess(identity, 1_000)
  signal?.throwIfAborted()
  const what = hasEnded() ? 'ended while starting' : `did not answer within ${kind.startWaitMs / 1000} s`
  throw new ServiceStartFault(`${kind.name} ${what}; the end of ${detached.logFile}:\n${tailOf(detached.logFile)}`)
}

function service(kind: ServiceKind, url: string, identity: NonNullable<ReturnType<typeof identify>>): PrivateService {
  return { url, pid: identity.pid, stop: () => stopProcess(identity, kind.graceMs) }
}

async function becomesTrue(test: () => Promise<boolean>, waitMs: number, signal?: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + waitMs
  for (;;) {
    if (await test()) return true
    if (Date.now() > deadline || signal?.aborted) return false
    await delay(50)
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
