import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ProcessIdentity } from '../../processes/identity.ts'
import type { BackOff } from '../../supervision/back-off.ts'
import { supervise, type SupervisedProcess } from '../../supervision/supervised-process.ts'
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
  /** Changes when its code does: then it is started anew. */
  fingerprint: z.string().default(''),
})
export type Companion = z.infer<typeof companionSchema>

export type CompanionStatus = {
  readonly name: string
  readonly pid: number | undefined
  readonly startedAt: string | undefined
  readonly restarts: number
}

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
  readonly backOff?: BackOff
}): Companions {
  const running = new Map<string, { print: string; supervised: SupervisedProcess }>()

  const start = (companion: Companion): SupervisedProcess => {
    const folder = surroundings.secrets.mount(`companion-${companion.name}`, companion.secrets)
    const say = (lines: readonly string[]) => surroundings.onLines(companion.name, companion.name, lines)
    const { PATH, HOME, USER, LANG, TZ } = process.env
    const ours = { secret_mount_path: folder, exit_with_parent: '1' }
    const environment = { PATH, HOME, USER, LANG, TZ, ...companion.environment, ...ours }
    return supervise({
      command: () => Promise.resolve({ ...companion, environment }),
      graceMs: companion.graceMs,
      backOff: surroundings.backOff,
      onLines: say,
      onStart: surroundings.onStart,
      onEnd: (how, identity) => {
        say([`${companion.name} ${how}`])
        if (identity !== undefined) surroundings.onEnd(identity)
      },
    })
  }

  return {
    become: async (wanted) => {
      const prints = new Map(wanted.map((companion) => [companion.name, printOf(companion)]))
      const leaving = [...running].filter(([name, { print }]) => prints.get(name) !== print)
      for (const [name] of leaving) running.delete(name)
      await Promise.all(leaving.map(([, { supervised }]) => supervised.stop()))
      for (const companion of wanted) {
        if (running.has(companion.name)) continue
        running.set(companion.name, { print: printOf(companion), supervised: start(companion) })
      }
    },
    status: () =>
      [...running].map(([name, { supervised }]) => {
        const current = supervised.current()
        const startedAt = current?.startedAt.toISOString()
        return { name, pid: current?.identity.pid, startedAt, restarts: supervised.restarts() }
      }),
    stop: async () => {
      await Promise.all([...running.values()].map(({ supervised }) => supervised.stop()))
      running.clear()
    },
  }
}

function printOf(companion: Companion): string {
  return createHash('sha256').update(JSON.stringify(companion)).digest('hex')
}
