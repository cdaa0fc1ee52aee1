import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { startFunction, type DeployedFunction, type FunctionSurroundings } from './deployed-function.ts'
import { deploymentSchema, type Deployment } from './deployment.ts'
import { runtimeOf, whyNotRunnable } from './function-command.ts'
import { watchdogProgram } from './watchdog-program.ts'

export type Refusal = { readonly kind: 'refused'; readonly reason: string }
export type DeployOutcome = { readonly kind: 'deployed' | 'unchanged' | 'absent' } | Refusal

export type FunctionRegistry = {
  all(): readonly DeployedFunction[]
  find(name: string): DeployedFunction | undefined
  /** `update` wants the function to be there already; `create` takes either. Deploying the same again changes nothing. */
  deploy(deployment: Deployment, how: 'create' | 'update'): DeployOutcome
  remove(name: string): 'removed' | 'absent'
  scale(name: string, replicas: number): 'scaled' | 'absent'
  stop(): Promise<void>
}

const recordSchema = z.object({ deployment: deploymentSchema, replicas: z.number().int(), createdAt: z.string() })

/** The functions of this gateway. What is deployed is kept in files, so that a gateway started anew brings it back. */
export function openFunctionRegistry(directory: string, surroundings: FunctionSurroundings): FunctionRegistry {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const functions = new Map<string, DeployedFunction>()
  const fingerprints = new Map<string, string>()
  const leaving = new Set<Promise<void>>()

  const keep = (running: DeployedFunction) => {
    const deployment = running.deployment()
    const record = { deployment, replicas: running.desiredReplicas(), createdAt: running.status().createdAt }
    const file = join(directory, `${deployment.service}.json`)
    writeFileSync(`${file}.new`, JSON.stringify(record, null, 2), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }

  for (const record of readRecords(directory)) {
    const { service } = record.deployment
    if (whyNotRunnable(record.deployment, surroundings.places) !== undefined) continue
    fingerprints.set(service, fingerprint(record.deployment, surroundings))
    functions.set(service, startFunction(surroundings, record))
  }

  return {
    all: () => [...functions.values()],
    find: (name) => functions.get(name),
    deploy: (deployment, how) => {
      const name = deployment.service
      const running = functions.get(name)
      if (running === undefined && how === 'update') return { kind: 'absent' }
      const reason = whyNotRunnable(deployment, surroundings.places)
      if (reason !== undefined) return { kind: 'refused', reason }
      const print = fingerprint(deployment, surroundings)
      if (running !== undefined && fingerprints.get(name) === print) return { kind: 'unchanged' }
      fingerprints.set(name, print)
      running?.update(deployment)
      const deployed = running ?? startFunction(surroundings, { deployment })
      functions.set(name, deployed)
      keep(deployed)
      return { kind: 'deployed' }
    },
    remove: (name) => {
      const running = functions.get(name)
      if (running === undefined) return 'absent'
      functions.delete(name)
      fingerprints.delete(name)
      rmSync(join(directory, `${name}.json`), { force: true })
      const left = running.stop().finally(() => {
        leaving.delete(left)
        if (!functions.has(name)) rmSync(join(surroundings.places.scratch, name), { recursive: true, force: true })
      })
      leaving.add(left)
      return 'removed'
    },
    scale: (name, replicas) => {
      const running = functions.get(name)
      if (running === undefined) return 'absent'
      running.scale(replicas)
      keep(running)
      return 'scaled'
    },
    stop: async () => {
      await Promise.all([...[...functions.values()].map((running) => running.stop()), ...leaving])
    },
  }
}

function readRecords(directory: string): z.infer<typeof recordSchema>[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'))
  return files.flatMap((name) => {
    try {
      return [recordSchema.parse(JSON.parse(readFileSync(join(directory, name), 'utf8')))]
    } catch {
      // Half-written or of another version: `make up` deploys it again.
      return []
    }
  })
}

/** What a function is made of: its description, its secrets, every file of its bundle, and what serves it. */
function fingerprint(deployment: Deployment, { secrets, places }: FunctionSurroundings): string {
  const hash = createHash('sha256').update(JSON.stringify(deployment))
  hash.update(secrets.fingerprint(deployment.secrets ?? []))
  if (runtimeOf(deployment, places) === 'fork') hash.update(readFileSync(watchdogProgram))
  const folder = join(places.bundles, deployment.service)
  if (existsSync(folder)) {
    for (const path of filesOf(folder)) hash.update(path).update(readFileSync(path))
  }
  return hash.digest('hex')
}

/** Without what interpreters leave there while they run, and what is being made: both come and go, and change nothing. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && basename(entry.parentPath) !== '__pycache__' && !entry.name.endsWith('.new'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}
