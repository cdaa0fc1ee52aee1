import type { ProcessIdentity } from '../../processes/identity.ts'
import type { BackOff } from '../../supervision/back-off.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import { chooseReplica, type Choice } from './choose-replica.ts'
import { functionStatus, type Deployment, type FunctionStatus } from './deployment.ts'
import { functionCommand, type FunctionPlaces } from './function-command.ts'
import { functionLimits, type FunctionLimits } from './limits.ts'
import type { ProbeTiming } from './probe.ts'
import { startReplica, type Replica } from './replica.ts'

/** What all functions of a gateway share. */
export type FunctionSurroundings = {
  readonly places: FunctionPlaces
  readonly secrets: SecretStore
  readonly onLines: (functionName: string, instance: string, lines: readonly string[]) => void
  readonly onStart: (identity: ProcessIdentity) => void
  readonly onEnd: (identity: ProcessIdentity) => void
  readonly probeTiming?: Partial<ProbeTiming>
  readonly backOff?: BackOff
}

/** One version of a function: what was deployed at a time, and its replicas. */
type Version = { readonly deployment: Deployment; readonly limits: FunctionLimits; replicas: Replica[] }

export type DeployedFunction = {
  deployment(): Deployment
  limits(): FunctionLimits
  /** Starts the new version beside the old one, which goes on serving until the new one is ready. */
  update(deployment: Deployment): void
  scale(replicas: number): void
  desiredReplicas(): number
  /** It slept at zero, and none of its replicas has been ready yet, or failed. */
  isWaking(): boolean
  choose(): Choice
  /** Resolves once a replica is ready, or false when the signal ends the wait. */
  becomesReady(signal: AbortSignal): Promise<boolean>
  countInvocation(): void
  countAnswer(status: number): void
  /** How many calls were answered 200 so far: what scaling by throughput looks at. */
  successes(): number
  status(): FunctionStatus
  replicas(): readonly Replica[]
  /** All replicas are ready and of the newest version; old ones may still finish what they hold. */
  isSettled(): boolean
  stop(): Promise<void>
}

export function startFunction(
  surroundings: FunctionSurroundings,
  first: { deployment: Deployment; replicas?: number; createdAt?: string },
): DeployedFunction {
  const createdAt = first.createdAt ?? new Date().toISOString()
  let [invocationCount, successes, isStopped, hasSlept] = [0, 0, false, false]
  const draining = new Set<Replica>()
  const watchers = new Set<() => void>()
  let newest: Version = { deployment: first.deployment, limits: functionLimits(first.deployment), replicas: [] }
  let older: Version[] = []
  let desired = bounded(first.replicas ?? newest.limits.replicas.least)

  function bounded(replicas: number): number {
    return replicas === 0 ? 0 : Math.min(replicas, newest.limits.replicas.most)
  }

  function drain(replicas: readonly Replica[]): void {
    for (const replica of replicas) {
      draining.add(replica)
      void replica.stop().then(() => draining.delete(replica))
    }
  }

  function reconcile(): void {
    while (newest.replicas.length < desired) newest.replicas.push(start(newest))
    if (newest.replicas.length > desired) drain(newest.replicas.splice(desired))
    const isReplaced = newest.replicas.length === 0 || newest.replicas.every((replica) => replica.state() === 'ready')
    if (isReplaced) for (const version of older.splice(0)) drain(version.replicas)
    for (const watcher of watchers) watcher()
  }

  function start(version: Version): Replica {
    const { deployment, limits } = version
    const secrets = surroundings.secrets.mount(deployment.service, deployment.secrets ?? [])
    return startReplica({
      ...surroundings,
      functionName: deployment.service,
      command: (port) => functionCommand(deployment, surroundings.places, { port, secrets }),
      graceMs: limits.graceMs,
      readyPath: limits.readyPath,
      healthPath: limits.healthPath,
      onLines: (instance, lines) => surroundings.onLines(deployment.service, instance, lines),
      onChange: () => {
        if (!isStopped) reconcile()
      },
    })
  }

  function serving(): Replica[] {
    const isReady = (replica: Replica) => replica.state() === 'ready'
    const ready = newest.replicas.filter(isReady)
    return ready.length > 0 ? ready : older.flatMap((version) => version.replicas).filter(isReady)
  }

  reconcile()
  return {
    deployment: () => newest.deployment,
    limits: () => newest.limits,
    desiredReplicas: () => desired,
    update: (deployment) => {
      const limits = functionLimits(deployment)
      // A version that never became ready has nothing to hand over.
      const [serves, neverServed] = [
        [...older, newest].filter(isServing),
        [...older, newest].filter((v) => !isServing(v)),
      ]
      for (const version of neverServed) drain(version.replicas)
      older = serves
      newest = { deployment, limits, replicas: [] }
      desired = desired === 0 ? 0 : bounded(Math.max(desired, limits.replicas.least))
      reconcile()
    },
    scale: (replicas) => {
      hasSlept = desired === 0
      desired = bounded(replicas)
      reconcile()
    },
    isWaking: () => {
      const isStarting = (replica: Replica) => replica.state() === 'starting' && replica.restarts() === 0
      return hasSlept && serving().length === 0 && newest.replicas.every(isStarting)
    },
    choose: () => chooseReplica(serving(), newest.limits.maxInFlight),
    becomesReady: (signal) =>
      new Promise((resolve) => {
        const end = (isReady: boolean) => {
          watchers.delete(look)
          signal.removeEventListener('abort', giveUp)
          resolve(isReady)
        }
        const look = () => (serving().length > 0 ? end(true) : undefined)
        const giveUp = () => end(false)
        watchers.add(look)
        signal.addEventListener('abort', giveUp)
        if (signal.aborted) giveUp()
        else look()
      }),
    countInvocation: () => (invocationCount += 1),
    countAnswer: (status) => {
      if (status === 200) successes += 1
    },
    successes: () => successes,
    status: () =>
      functionStatus(newest.deployment, {
        invocationCount,
        replicas: desired,
        availableReplicas: serving().length,
        createdAt,
      }),
    replicas: () => [...newest.replicas, ...older.flatMap((version) => version.replicas), ...draining],
    isSettled: () => older.length === 0 && newest.replicas.every((replica) => replica.state() === 'ready'),
    stop: async () => {
      isStopped = true
      const all = [...newest.replicas, ...older.flatMap((version) => version.replicas), ...draining]
      await Promise.all(all.map((replica) => replica.stop()))
    },
  }
}

function isServing(version: Version): boolean {
  return version.replicas.some((replica) => replica.state() === 'ready')
}
