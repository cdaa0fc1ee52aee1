import { leaseSeconds, signal, type Stack } from './a-stack.ts'
import type { Chance } from './chance.ts'
import { becomesTrue, pause } from './pause.ts'

export type Struck = {
  readonly stack: Stack
  readonly chance: Chance
  /** From now on work should flow again; the longest wait until it does is what the table shows. */
  readonly expectRecovery: (since: Date) => void
}

/** Those that nobody starts again but `make up`. */
const withoutSupervisor = ['gateway', 'mariadb', 'activemq']

const oneOf = async ({ stack, chance }: Struck, role: string): Promise<number> => {
  await becomesTrue(() => stack.processesOf(role).length > 0, 30_000)
  return chance.one(stack.processesOf(role)).pid
}

export const someTime = ({ chance }: Struck, least = 1_500, most = 6_000): Promise<void> =>
  pause(chance.between(least, most))

/** `kill -9` of one process, a number of times, each time at some moment. */
export const kill =
  (role: string, times: number) =>
  async (struck: Struck): Promise<void> => {
    for (let count = 0; count < times; count += 1) {
      await someTime(struck)
      const pid = await oneOf(struck, role)
      signal(pid, 'SIGKILL')
      const since = new Date()
      if (withoutSupervisor.includes(role)) {
        await someTime(struck, 0, 2_000)
        await struck.stack.up()
      }
      struck.expectRecovery(since)
    }
  }

/** Freezes one process for longer than a lease, then lets it go on as if nothing had been. */
export const freeze =
  (role: string, seconds: number = leaseSeconds + 5) =>
  async (struck: Struck): Promise<void> => {
    await someTime(struck)
    const pid = await oneOf(struck, role)
    signal(pid, 'SIGSTOP')
    await pause(seconds * 1_000)
    signal(pid, 'SIGCONT')
    struck.expectRecovery(new Date())
  }

/** The machine loses its power: everything dies at once, and is started again. */
export const killEverything = async (struck: Struck): Promise<void> => {
  await someTime(struck, 4_000, 10_000)
  for (const { pid } of struck.stack.family()) signal(pid, 'SIGKILL')
  const since = new Date()
  await struck.stack.up()
  struck.expectRecovery(since)
}
