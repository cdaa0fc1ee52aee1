import type { Chance } from '../a-stack/chance.ts'
import { signal } from '../a-stack/family.ts'
import { becomesTrue, pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import type { Load } from './a-load.ts'
import { leaseSeconds } from './faults-stack.ts'
import { underWay } from './under-way.ts'

export type Struck = {
  readonly stack: Stack
  readonly chance: Chance
  readonly load: Load
  /** From now on work should flow again; the longest wait until it does is what the table shows. */
  readonly expectRecovery: (since: Date) => void
  /** How much was under way where it was struck; a strike that met nothing proves nothing. */
  readonly met: (count: number) => void
}

/** Those that nobody starts again but `make up`. */
const withoutSupervisor = ['gateway', 'mariadb', 'activemq']

const oneOf = async ({ stack, chance }: Struck, role: string): Promise<number> => {
  await becomesTrue(() => stack.processesOf(role).length > 0, 30_000)
  return chance.one(stack.processesOf(role)).pid
}

export const someTime = ({ chance }: Struck, least = 1_500, most = 6_000): Promise<void> =>
  pause(chance.between(least, most))

/** Returns at a moment when the role, or exactly this process, has work in hand, and notes how much. */
export const whenAtWork = (struck: Struck, role: string, pid?: number): Promise<void> =>
  whenThereIs(struck, () => underWay(struck.stack, role, pid))

/** Gives more of the load, returns when there is something of what is counted, and notes how much. */
export const whenThereIs = async (
  { load, met }: Struck,
  counted: () => Promise<number>,
  patienceMs = 20_000,
): Promise<void> => {
  load.giveMore()
  let count = 0
  await becomesTrue(
    async () => {
      count = await counted()
      return count > 0
    },
    patienceMs,
    5,
  )
  met(count)
}

/** `kill -9` of one process, a number of times, each time at some moment. */
export const kill =
  (role: string, times: number) =>
  async (struck: Struck): Promise<void> => {
    for (let count = 0; count < times; count += 1) await killOne(struck, role)
  }

const killOne = async (struck: Struck, role: string): Promise<void> => {
  await someTime(struck)
  const pid = await oneOf(struck, role)
  await whenAtWork(struck, role, pid)
  signal(pid, 'SIGKILL')
  const since = new Date()
  if (withoutSupervisor.includes(role)) {
    await someTime(struck, 0, 2_000)
    await struck.stack.up()
  }
  struck.expectRecovery(since)
}

/** `kill -9` of any of them at some moment, a number of times; most often of who has reductions in hand. */
export const killAnyOf =
  (roles: readonly string[], times: number) =>
  async (struck: Struck): Promise<void> => {
    for (let count = 0; count < times; count += 1) await killOne(struck, struck.chance.one(roles))
  }

/** Freezes one process for longer than a lease, then lets it go on as if nothing had been. */
export const freeze =
  (role: string, seconds: number = leaseSeconds + 5) =>
  async (struck: Struck): Promise<void> => {
    await someTime(struck)
    const pid = await oneOf(struck, role)
    await whenAtWork(struck, role, pid)
    signal(pid, 'SIGSTOP')
    await pause(seconds * 1_000)
    signal(pid, 'SIGCONT')
    struck.expectRecovery(new Date())
  }

/** The machine loses its power: everything dies at once, and is started again. */
export const killEverything = async (struck: Struck): Promise<void> => {
  await someTime(struck, 4_000, 10_000)
  await whenAtWork(struck, 'process')
  for (const { pid } of struck.stack.family()) signal(pid, 'SIGKILL')
  const since = new Date()
  await struck.stack.up()
  struck.expectRecovery(since)
}
