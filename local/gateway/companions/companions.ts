import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ProcessIdentity } from '../../processes/identity.ts'
import type { BackOff } from '../../supervision/back-off.ts'
import { supervise, type SupervisedProcess } from '../../supervision/supervised-process.ts'
import type { ProbeTiming } from '../functions/probe.ts'
import { startReplica, type Replica } from '../functions/replica.ts'
import type { SecretStore } from '../secrets/secret-store.ts'

/** A process that belongs to the stack and is no function: cron, the connector, the beam simulator. */
export const companionSchema = z.object({
  name: z.string().regex(/^[a-z][-a-z0-9]*$/),
  program: z.string(),
  args: z.array(z.string()),
  directory: z.string(),
  environment: z.record(z.string(), z.string()),
  secrets: z.array(z.string()).default([]),
  graceMs: z.number().int().default(10_000),
  /** Where it says whether it is ready, for one that serves HTTP: it is given a free `port`. */
  readyPath: z.string().optional(),
  /** Changes when its code does: then it is started anew. */
  fingerprint: z.string().default(''),
})
export type Companion = z.infer<typeof companionSchema>

export type CompanionStatus = {
  readonly name: string
  readonly isReady: boolean
  readonly port: number | undefined
  readonly pid: number | undefined
  readonly startedAt: string | undefined
  readonly restarts: number
}

type Running = Omit<CompanionStatus, 'name'>

export type Companions = {
  /** Makes what runs equal to this list: starts, ends, and starts anew what has changed. */
  become(wanted: readonly Companion[]): Promise<void>
  status(): readonly CompanionStatus[]
  stop(): Promise<void>
}

export function openCompanions(surroundings: {
  readonly secrets: SecretStore
  readonly onLines: (name: string, instance: string, lines: readonly string[]) => void
  readonly onStart: (identity: ProcessIdentity) => void
  readonly onEnd: (identity: ProcessIdentity) => void
  readonly probeTiming?: Partial<ProbeTiming>
  readonly backOff?: BackOff
}): Companions {
  const running = new Map<string, { print: string; companion: StartedCompanion }>()

  const start = (companion: Companion): StartedCompanion => {
    const folder = surroundings.secrets.mount(`companion-${companion.name}`, companion.secrets)
    const say = (lines: readonly string[]) => surroundings.onLines(companion.name, companion.name, lines)
    const { PATH, HOME, USER, LANG, TZ } = process.env
    const ours = { secret_mount_path: folder, exit_with_parent: '1', only_loopback_names: '1' }
    const environment = { PATH, HOME, USER, LANG, TZ, ...companion.environment, ...ours }
    const { program, args, directory, graceMs, readyPath } = companion
    const ended = (how: string, identity: ProcessIdentity | undefined) => {
      say([`${companion.name} ${how}`])
      if (identity !== undefined) surroundings.onEnd(identity)
    }
    if (readyPath === undefined) {
      const command = () => Promise.resolve({ program, args, directory, environment })
      return asCompanion(supervise({ ...surroundings, command, graceMs, onLines: say, onEnd: ended }))
    }
    return asServer(
      startReplica({
        ...surroundings,
        functionName: companion.name,
        command: (port) => ({ program, args, directory, environment: { ...environment, port: String(port) } }),
        graceMs,
        readyPath,
        healthPath: '/_/health',
        onLines: (_instance, lines) => say(lines),
        onChange: () => undefined,
      }),
    )
  }

  return {
    become: async (wanted) => {
      const prints = new Map(wanted.map((companion) => [companion.name, printOf(companion, surroundings.secrets)]))
      const leaving = [...running].filter(([name, { print }]) => prints.get(name) !== print)
      for (const [name] of leaving) running.delete(name)
      await Promise.all(leaving.map(([, { companion }]) => companion.stop()))
      for (const companion of wanted) {
        if (running.has(companion.name)) continue
        running.set(companion.name, { print: printOf(companion, surroundings.secrets), companion: start(companion) })
      }
    },
    status: () => [...running].map(([name, { companion }]) => ({ name, ...companion.status() })),
    stop: async () => {
      await Promise.all([...running.values()].map(({ companion }) => companion.stop()))
      running.clear()
    },
  }
}

type StartedCompanion = { status(): Running; stop(): Promise<void> }

function asCompanion(supervised: SupervisedProcess): StartedCompanion {
  return {
    stop: supervised.stop,
    status: () => {
      const current = supervised.current()
      return {
        isReady: current !== undefined,
        port: undefined,
        pid: current?.identity.pid,
        startedAt: current?.startedAt.toISOString(),
        restarts: supervised.restarts(),
      }
    },
  }
}

function asServer(replica: Replica): StartedCompanion {
  return {
    stop: replica.stop,
    status: () => ({
      isReady: replica.state() === 'ready',
      port: replica.port(),
      pid: replica.process()?.pid,
      startedAt: replica.process()?.startedAt.toISOString(),
      restarts: replica.restarts(),
    }),
  }
}

function printOf(companion: Companion, secrets: SecretStore): string {
  const hash = createHash('sha256').update(JSON.stringify(companion))
  return hash.update(secrets.fingerprint(companion.secrets)).digest('hex')
}
