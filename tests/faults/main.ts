import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { ensurePythonEnvironment } from '../../local/environments/python-environment.ts'
import { reduceFirstRuns } from './a-load.ts'
import { startStack, type Stack } from './a-stack.ts'
import { causes } from './causes.ts'
import { openChance } from './chance.ts'
import { canDisksHang } from '../support/hanging-disk.ts'
import { isClean, printTable, violations, type Row } from './table.ts'
import { becomesIdle, tryCause } from './try-cause.ts'

/** `npm run test:faults`; see README.md. */
const projectDirectory = join(import.meta.dirname, '..', '..')
const names = (process.env['CAUSE'] ?? '').split(',').filter((name) => name !== '')
const unknown = names.filter((name) => !causes.some((cause) => cause.name === name))
if (unknown.length > 0) {
  console.error(`There is no cause ${unknown.join(', ')}. There are: ${causes.map(({ name }) => name).join(' ')}`)
  process.exit(2)
}
const chosen = causes.filter(({ name }) => names.length === 0 || names.includes(name))
const seed = Number(process.env['SEED'] || Math.floor(Math.random() * 1_000_000))
console.log(`SEED=${seed}`)
if (!canDisksHang) console.log('results-disk-of-one-hangs: left out, there is no bindfs or no /dev/fuse here')

let stack: Stack | undefined
let ending: Promise<number> = Promise.resolve(0)
/** @returns how many processes were left; whoever asks while it goes on waits for it */
const end = (): Promise<number> => {
  const last = stack
  stack = undefined
  if (last) ending = endStack(last)
  return ending
}
const endStack = async (last: Stack): Promise<number> => {
  const logs = process.env['KEEP_LOGS']
  if (logs) await cp(join(last.stateDirectory, 'logs'), logs, { recursive: true })
  const left = await last.end()
  for (const { pid, role, command } of left)
    console.log(`  left after make down: ${pid} ${role} ${command.slice(0, 150)}`)
  return left.length
}
let isInterrupted = false
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    isInterrupted = true
    void end().finally(() => process.exit(130))
  })
}

const { interpreter } = await ensurePythonEnvironment({
  stateDirectory: join(projectDirectory, '.local'),
  projectDirectory,
})
const begin = async (): Promise<Stack> => {
  const begun = await startStack(interpreter)
  stack = begun
  if (!(await becomesIdle(begun, await reduceFirstRuns(begun)))) throw new Error('the first runs were not reduced')
  return begun
}

const rows: Row[] = []
const left: number[] = []
try {
  for (const [place, cause] of chosen.entries()) {
    const began = performance.now()
    const row = await tryCause(stack ?? (await begin()), cause, openChance(seed + place))
    rows.push(row)
    const seconds = ((performance.now() - began) / 1000).toFixed(0)
    console.log(`${cause.name}: ${isClean(row) ? 'clean' : 'NOT CLEAN'}, ${seconds} s`)
    for (const text of violations(row)) console.log(`  ${text}`)
    // What one cause has broken must not be held against the next.
    if (!isClean(row)) left.push(await end())
  }
} catch (fault) {
  if (!isInterrupted) console.error(fault)
  process.exitCode = 1
} finally {
  if (stack) left.push(await end())
  await ending
}
const leftAtTheEnd = left.reduce((sum, count) => sum + count, 0)
console.log(`\n${printTable(rows)}\n\nLeft running after make down: ${leftAtTheEnd}`)
const isAllWell =
  process.exitCode === undefined && rows.length === chosen.length && rows.every(isClean) && leftAtTheEnd === 0
process.exit(isAllWell ? 0 : 1)
