import '../../local/assert-node.ts'
import { z } from 'zod'
import { noticesSchema } from '#contracts/notices.ts'
import { secondsUntilNextTry } from '#domain/waiting.ts'
import { openChance, type Chance } from '../a-stack/chance.ts'
import { formatTable } from '../a-stack/format-table.ts'
import { becomesTrue, pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import { whyNoDiskHangs } from '../support/hanging-disk.ts'
import { watchPopulation, type Population } from './count-processes.ts'
import { countRows } from './database-clock.ts'
import { becomeFifo } from './fifo.ts'
import { measureRun, timingScript, type FreshRun } from './fresh-run.ts'
import { openResultsThatHang, type ResultsThatHang } from './results-that-hang.ts'
import { numberSetting } from './settings.ts'
import { withAStack } from './with-a-stack.ts'

/** `npm run test:fifos`; see README.md. */
const seed = numberSetting('SEED', Math.floor(Math.random() * 1_000_000))
const minutes = numberSetting('MINUTES', 10)
const minutesBefore = Math.min(2, minutes)

const hanging = ['ALF', 'EMU', 'GEM', 'LET', 'SXD']
const rawHangs = 'MUSR'
/** Where a disk can be made to hang: its results. */
const resultsHang = 'PEARL'
const others = ['CRISP', 'HRPD', 'LOQ', 'MAPS', 'OSIRIS', 'WISH']
const firstRun = 1001

/**
 * What may be beside the usual: a reader for each place that hangs. For the results that hang one that asks for versions, and those at
 * work there: while the kernel holds one that was given up, two more are risked at most.
 */
const mostMoreProcesses = hanging.length + 1 + (whyNoDiskHangs ? 0 : 4)

/** Each of the others measures now and then, side by side, until the time is over. */
const measureOthers = async (
  stack: Stack,
  chance: Chance,
  next: Map<string, number>,
  forMinutes: number,
): Promise<readonly FreshRun[]> => {
  const until = performance.now() + forMinutes * 60_000
  const measured: FreshRun[] = []
  const measure = async (instrument: string): Promise<void> => {
    const pace = chance.of(instrument)
    while (performance.now() < until) {
      await pause(pace.between(1_000, 15_000))
      const run = next.get(instrument) ?? firstRun
      next.set(instrument, run + 1)
      measured.push(await measureRun(stack, instrument, run))
    }
  }
  await Promise.all(others.map(measure))
  return measured
}

const line = (when: string, runs: readonly FreshRun[], most: Population): readonly (string | number)[] => {
  const delays = runs.map(({ firstLine }) => firstLine).toSorted((left, right) => left - right)
  const at = (share: number): string => `${(delays[Math.ceil(share * delays.length) - 1] ?? Number.NaN).toFixed(1)} s`
  return [when, runs.length, at(0.5), at(0.95), at(1), most.processes, most.threads, most.stuck]
}

type Notice = { readonly kind: string; readonly instrument: string | null; readonly message: string }

const openNotices = async ({ url }: Stack): Promise<readonly Notice[]> => {
  const answer = await fetch(`${url}/api/v1/notices?open=true`)
  const kinds = ['lastrun-problem', 'results-problem']
  return noticesSchema.parse(await answer.json()).items.filter(({ kind }) => kinds.includes(kind))
}

/** Waits until a run is submitted. @returns after how many passes of detection, and seconds */
const untilSubmitted = async ({ database }: Stack, instrument: string, run: number, withinMs: number) => {
  const began = performance.now()
  const looks = new Set<number>()
  const isSubmitted = await becomesTrue(
    async () => {
      const [look] = await database.rows(
        z.object({ at: z.date() }),
        'SELECT looked_at AS at FROM detection_cursors WHERE instrument = ?',
        [others[0] ?? ''],
      )
      if (look) looks.add(look.at.getTime())
      const sql = 'SELECT COUNT(*) AS count FROM reductions WHERE instrument = ? AND target = ?'
      return (await countRows(database, sql, [instrument, String(run)])) > 0
    },
    withinMs,
    50,
  )
  // The first is the pass that was before.
  return { isSubmitted, passes: looks.size - 1, seconds: (performance.now() - began) / 1000 }
}

const tryAll = async (stack: Stack, results: ResultsThatHang | undefined): Promise<readonly string[]> => {
  const { archive, database } = stack
  const wrong: string[] = []
  const chance = openChance(seed)
  const next = new Map<string, number>()
  const population = watchPopulation(stack)
  console.log(`SEED=${seed}, ${minutes} minutes`)
  if (whyNoDiskHangs) console.log(`Results that hang are left out: ${whyNoDiskHangs}.`)

  const before = await measureOthers(stack, chance.of('before'), next, minutesBefore)
  const usual = population.most()

  const fifos = await Promise.all(
    hanging.map((instrument, place) =>
      becomeFifo(archive.lastrunPath(instrument), place % 2 === 0 ? 'nobody writes' : 'somebody could write'),
    ),
  )
  await archive.addRuns(rawHangs, [firstRun])
  const rawFifo = await becomeFifo(archive.rawFilePath(rawHangs, firstRun), 'somebody could write')
  await archive.announce(rawHangs, firstRun)
  await results?.hang()
  const hungAt = performance.now()
  const during = await measureOthers(stack, chance.of('during'), next, minutes)
  const most = population.most()
  population.stop()

  const noticed = await openNotices(stack)
  for (const instrument of [...hanging, ...(results ? [resultsHang] : [])]) {
    if (!noticed.some((notice) => notice.instrument === instrument)) wrong.push(`no notice tells of ${instrument}`)
  }
  for (const kind of ['lastrun-problem', 'results-problem']) {
    console.log(`\n${noticed.find((notice) => notice.kind === kind)?.message ?? `There is no notice (${kind}).`}`)
  }
  if (results) {
    const standing = await results.standing()
    console.log(`\n${standing.map((one) => `${resultsHang} ${one}`).join('\n')}`)
    if (standing.length !== 2 || !standing[1]?.includes(' Queued')) wrong.push(`${resultsHang} is not held in line`)
  }
  const [waiting] = await database.rows(
    z.object({ state: z.string(), reason: z.string().nullable() }),
    'SELECT state, reason FROM detections WHERE instrument = ? AND run_number = ?',
    [rawHangs, String(firstRun)],
  )
  console.log(`${rawHangs} ${firstRun} is ${waiting?.state}: ${waiting?.reason}\n`)
  if (waiting?.state !== 'waiting') wrong.push(`${rawHangs} ${firstRun}, whose file hangs, is not waiting`)

  const heads = ['others', 'runs', 'median', '95 %', 'longest', 'processes', 'threads', 'stuck']
  console.log(formatTable(heads, [line('before', before, usual), line('with FIFOs', during, most)]))
  const slowest = (runs: readonly FreshRun[]): number => Math.max(...runs.map(({ firstLine }) => firstLine))
  if (slowest(during) > slowest(before) + 5) wrong.push('the others began later than before')
  if (most.processes > usual.processes + mostMoreProcesses) wrong.push('processes became more and more')

  const recovered = await Promise.all(
    hanging.map(async (instrument, place) => {
      await archive.addRuns(instrument, [firstRun])
      await fifos[place]?.becomeFile(archive.counterText(instrument, firstRun))
      return { instrument, ...(await untilSubmitted(stack, instrument, firstRun, 60_000)) }
    }),
  )
  const hungSeconds = (performance.now() - hungAt) / 1000
  await rawFifo.becomeFile(archive.rawFileBytes(firstRun))
  const rawWithin = secondsUntilNextTry(hungSeconds) + 20
  const raw = { instrument: rawHangs, ...(await untilSubmitted(stack, rawHangs, firstRun, rawWithin * 1_000)) }
  results?.goOn()
  const ofResults = results && {
    instrument: resultsHang,
    ...(await untilSubmitted(stack, resultsHang, firstRun + 1, rawWithin * 1_000)),
  }
  const told = [...recovered, raw, ...(ofResults ? [ofResults] : [])]
  const rows = told.map(({ instrument, passes, seconds }) => [instrument, passes, `${seconds.toFixed(1)} s`])
  console.log(`\n${formatTable(['became a file', 'passes', 'until submitted'], rows)}`)
  for (const { instrument, isSubmitted, passes } of recovered) {
    if (!isSubmitted || passes > 2) wrong.push(`${instrument} did not recover within two passes`)
  }
  for (const one of [raw, ofResults]) {
    if (one?.isSubmitted === false) wrong.push(`${one.instrument} did not recover within ${rawWithin} s`)
  }
  const areAllReduced = async (): Promise<boolean> =>
    (await results?.standing())?.every((one) => one.endsWith('Completed')) !== false
  if (!(await becomesTrue(areAllReduced, 90_000))) {
    wrong.push(`of ${resultsHang} not all was completed: ${(await results?.standing())?.join('; ')}`)
  }
  const isOver = await becomesTrue(async () => (await openNotices(stack)).length === 0, 20_000)
  if (!isOver) wrong.push('a notice stands though all can be read and written')
  return wrong
}

await withAStack(
  {
    instruments: [...hanging, rawHangs, resultsHang, ...others],
    lastRun: firstRun - 1,
    script: timingScript,
    watches: 'found',
  },
  async (stack) => {
    const results = whyNoDiskHangs ? undefined : await openResultsThatHang(stack, resultsHang, firstRun)
    try {
      return await tryAll(stack, results)
    } finally {
      await results?.end()
    }
  },
)
