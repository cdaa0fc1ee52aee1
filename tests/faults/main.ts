import '../../local/assert-node.ts'
import { openChance } from '../a-stack/chance.ts'
import { causes } from './causes.ts'
import { whyNoDiskHangs } from '../support/hanging-disk.ts'
import { openLane } from './lane.ts'
import { isClean, printTable, type Row } from './table.ts'

/** `npm run test:faults`; see README.md. */
const countFrom = (name: string): number => {
  const count = Number(process.env[name] || 1)
  if (Number.isInteger(count) && count > 0) return count
  console.error(`${name} must be a whole number from 1 on.`)
  process.exit(2)
}
const [jobs, rounds] = [countFrom('JOBS'), countFrom('ROUNDS')]
const names = (process.env['CAUSE'] ?? '').split(',').filter((name) => name !== '')
const unknown = names.filter((name) => !causes.some((cause) => cause.name === name))
if (unknown.length > 0) {
  console.error(`There is no cause ${unknown.join(', ')}. There are: ${causes.map(({ name }) => name).join(' ')}`)
  process.exit(2)
}
const chosen = causes.filter(({ name, isOnlyByName = false }) =>
  names.length === 0 ? !isOnlyByName : names.includes(name),
)
const firstSeed = Number(process.env['SEED'] || Math.floor(Math.random() * 1_000_000))
if (whyNoDiskHangs) console.log(`results-disk-of-one-hangs is left out: ${whyNoDiskHangs}`)

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))

const lanes = Array.from({ length: Math.min(jobs, chosen.length) }, () =>
  openLane({ stopping: stopping.signal, keepLogs: process.env['KEEP_LOGS'] || undefined }),
)

/** All causes once, each by whichever stack is free. @returns their rows in the order of the list, whoever came first */
const runRound = async (seed: number): Promise<readonly Row[]> => {
  const waiting = [...chosen]
  const rows = new Map<string, Row>()
  await Promise.all(
    lanes.map(async (lane) => {
      for (let cause = waiting.shift(); cause && !stopping.signal.aborted; cause = waiting.shift()) {
        // By its name: neither its place nor what runs beside it changes its moments.
        rows.set(cause.name, await lane.try(cause, openChance(seed).of(cause.name)))
      }
    }),
  )
  return chosen.flatMap(({ name }) => rows.get(name) ?? [])
}

let isAllWell = true
for (let round = 0; round < rounds && !stopping.signal.aborted; round += 1) {
  const began = performance.now()
  console.log(`SEED=${firstSeed + round}${rounds > 1 ? ` (round ${round + 1} of ${rounds})` : ''}`)
  const rows = await runRound(firstSeed + round)
  console.log(`\n${printTable(rows)}\n\n${Math.round((performance.now() - began) / 60_000)} minutes\n`)
  isAllWell &&= rows.length === chosen.length && rows.every(isClean)
}
const left = (await Promise.all(lanes.map((lane) => lane.end()))).reduce((sum, count) => sum + count, 0)
console.log(`Left running after make down: ${left}`)
process.exit(stopping.signal.aborted ? 130 : isAllWell && left === 0 ? 0 : 1)
