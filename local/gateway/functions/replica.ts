import { randomBytes } from 'node:crypto'
import { Agent } from 'node:http'
import { freePort } from '../../processes/free-port.ts'
import { isAlive, type ProcessIdentity } from '../../processes/identity.ts'
import { supervise, type Command } from '../../supervision/supervised-process.ts'
import { probe, type ProbeTiming } from './probe.ts'

export type ReplicaState = 'starting' | 'ready' | 'not ready' | 'draining'

export type ReplicaProcess = {
  readonly pid: number
  readonly startedAt: Date
  /** Asked of the kernel, which knows before we are told; never of its successor. */
  readonly isAlive: () => boolean
}

/** One process of a function, restarted as often as it takes. */
export type Replica = {
  /** Its name in logs and status; a restart keeps it. */
  readonly instance: string
  state(): ReplicaState
  port(): number
  process(): ReplicaProcess | undefined
  restarts(): number
  /** Calls under way. */
  inFlight: number
  /** Its kept connections. */
  readonly agent: Agent
  /** Nobody listens there: no more calls until it is asked again. */
  refused(): void
  stop(): Promise<void>
}

export type ReplicaOptions = {
  readonly functionName: string
  readonly command: (port: number) => Command
  readonly graceMs: number
  readonly readyPath: string
  readonly healthPath: string
  readonly onLines: (instance: string, lines: readonly string[]) => void
  readonly onStart: (identity: ProcessIdentity) => void
  readonly onEnd: (identity: ProcessIdentity) => void
  readonly onChange: () => void
  readonly probeTiming?: Partial<ProbeTiming>
  readonly backOff?: (failures: number) => number
}

/** Ports given to replicas that may not listen on them yet. */
const promisedPorts = new Set<number>()

export function startReplica(options: ReplicaOptions): Replica {
  const instance = `${options.functionName}-${randomBytes(3).toString('hex')}`
  let [port, state]: [number, ReplicaState] = [0, 'starting']
  let probing = new AbortController()
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' })

  const change = (next: ReplicaState) => {
    if (state === next || state === 'draining') return
    state = next
    options.onChange()
  }
  const say = (text: string) => options.onLines(instance, [text])

  const supervised = supervise({
    graceMs: options.graceMs,
    backOff: options.backOff,
    onLines: (lines) => options.onLines(instance, lines),
    command: async () => {
      promisedPorts.delete(port)
      port = await freePort()
      while (promisedPorts.has(port)) port = await freePort()
      promisedPorts.add(port)
      return options.command(port)
    },
    onStart: (identity) => {
      options.onStart(identity)
      change('starting')
      probing = new AbortController()
      void probe({
        port,
        readyPath: options.readyPath,
        healthPath: options.healthPath,
        signal: probing.signal,
        timing: options.probeTiming,
        onReady: (isReady) => change(isReady ? 'ready' : state === 'starting' ? 'starting' : 'not ready'),
        onHanging: () => {
          say('does not answer any more: it is ended and started again')
          supervised.kill()
        },
      })
    },
    onEnd: (how, identity) => {
      probing.abort()
      if (identity !== undefined) options.onEnd(identity)
      if (state !== 'draining') say(how)
      change('starting')
    },
  })

  return {
    instance,
    inFlight: 0,
    agent,
    state: () => state,
    port: () => port,
    process: () => {
      const current = supervised.current()
      if (current === undefined) return undefined
      const { identity, startedAt } = current
      return { pid: identity.pid, startedAt, isAlive: () => isAlive(identity) }
    },
    restarts: supervised.restarts,
    refused: () => change('not ready'),
    stop: async () => {
      change('draining')
      probing.abort()
      closeIdle(agent)
      await supervised.stop()
      promisedPorts.delete(port)
    },
  }
}

/** So that the function need not wait for connections on which nothing will come any more. */
function closeIdle(agent: Agent): void {
  agent.maxFreeSockets = 0
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy()
}
