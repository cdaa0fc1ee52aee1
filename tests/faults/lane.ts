import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import type { Chance } from '../a-stack/chance.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import { reduceFirstRuns } from './a-load.ts'
import type { Cause } from './cause.ts'
import { startFaultsStack } from './faults-stack.ts'
import { isClean, violations, type Row } from './table.ts'
import { becomesIdle, tryCause } from './try-cause.ts'

/** Tries causes one after the other, on one stack as long as none leaves traces. */
export type Lane = {
  readonly try: (cause: Cause, chance: Chance) => Promise<Row>
  /** Takes its stack down, also one that is starting or being struck. @returns how many processes `make down` has left, of all its stacks */
  readonly end: () => Promise<number>
}

export const openLane = (options: {
  readonly stopping: AbortSignal
  /** Where to keep each stack's logs. */
  readonly keepLogs: string | undefined
}): Lane => {
  const { stopping, keepLogs } = options
  let starting: Promise<Stack> | undefined
  let left = 0

  /** One that is there, or one that is started now and has its first runs reduced. */
  const aStack = async (): Promise<Stack> => {
    if (starting) return starting
    starting = startFaultsStack(stopping)
    const stack = await starting
    if (!(await becomesIdle(stack, await reduceFirstRuns(stack)))) throw new Error('the first runs were not reduced')
    return stack
  }
  const end = async (): Promise<number> => {
    // One that does not come up has taken itself down.
    const stack = await starting?.catch(() => undefined)
    starting = undefined
    if (!stack) return left
    if (keepLogs) await cp(join(stack.stateDirectory, 'logs'), join(keepLogs, stack.name), { recursive: true })
    const still = await stack.end()
    for (const { pid, role, command } of still) {
      console.log(`  left after make down: ${pid} ${role} ${command.slice(0, 150)}`)
    }
    left += still.length
    return left
  }
  const stopped = new Promise<never>((_, reject) => {
    stopping.addEventListener('abort', () => reject(new Error('it was interrupted')))
  })
  stopped.catch(() => undefined)

  return {
    try: async (cause, chance) => {
      const began = performance.now()
      const said: string[] = []
      let name = ''
      const work = async (): Promise<Row> => {
        const stack = await aStack()
        name = stack.name
        return tryCause(stack, cause, chance, (text) => void said.push(text))
      }
      const row = await Promise.race([work(), stopped]).catch((fault: unknown): Row => {
        const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)
        return { cause: cause.name, came: 'to nothing', fault: text }
      })
      const seconds = ((performance.now() - began) / 1000).toFixed(0)
      const where = keepLogs ? `, logs in ${name}` : ''
      console.log(`${cause.name}: ${isClean(row) ? 'clean' : 'NOT CLEAN'}, ${seconds} s${where}`)
      for (const text of [...said, ...violations(row)]) console.log(`  ${text}`)
      // What one cause has broken must not be held against the next.
      if (!isClean(row)) await end()
      return row
    },
    end,
  }
}
