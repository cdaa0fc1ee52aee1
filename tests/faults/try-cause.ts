import { z } from 'zod'
import { prepareLoad, submitUntilAnswered, type Expected } from './a-load.ts'
import type { Chance } from '../a-stack/chance.ts'
import { becomesTrue } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import type { Cause } from './cause.ts'
import { usualScripts } from './causes.ts'
import { setScript } from './faults-stack.ts'
import { findings, leftoverStaging, readReductions, type Findings, type ReductionRow } from './invariants.ts'
import { timeToRecover } from './recovery.ts'
import type { Row } from './table.ts'
import { watchResults } from './watch-results.ts'

const [idleWithinMs, tidyWithinMs] = [240_000, 80_000]

/** Everything that was detected or submitted has come to an end. */
export const becomesIdle = (stack: Stack, expected: readonly Expected[]): Promise<boolean> =>
  becomesTrue(
    async () => {
      const rows = await readReductions(stack).catch(() => undefined)
      if (!rows) return false
      const ended = new Set(
        rows
          .filter(({ state }) => state !== 'Queued' && state !== 'Processing')
          .map(({ instrument, target, version }) => `${instrument} ${target} ${version}`),
      )
      const isAllEnded = rows.every(({ state }) => state !== 'Queued' && state !== 'Processing')
      return isAllEnded && expected.every((one) => ended.has(`${one.instrument} ${one.target} ${one.version}`))
    },
    idleWithinMs,
    500,
  )

/** Re-runs what ended in an Error that was in order, now that the cause is gone. */
const rerunErrors = async (stack: Stack, expected: readonly Expected[], cause: Cause): Promise<readonly Expected[]> => {
  const rows = await readReductions(stack)
  const again: Expected[] = []
  for (const one of expected) {
    const row = rows.find(
      (row) => row.instrument === one.instrument && row.target === one.target && row.version === one.version,
    )
    if (row?.state !== 'Error') continue
    const newest = Math.max(...rows.filter((other) => isSameRun(other, row)).map(({ version }) => version))
    await submitUntilAnswered(stack, one.instrument, one.runs, `${cause.name}-again-${row.id}`)
    const { instrument, runs, target } = one
    again.push({ instrument, runs, target, version: newest + 1 })
  }
  return again
}

const isSameRun = (left: ReductionRow, right: ReductionRow): boolean =>
  left.instrument === right.instrument && left.target === right.target

const cancelledInTime = async (stack: Stack, expected: readonly Expected[]): Promise<string> => {
  const asked = expected.filter(({ isCancelled }) => isCancelled)
  const rows = await readReductions(stack)
  const done = asked.filter((one) =>
    rows.some(
      (row) =>
        row.instrument === one.instrument &&
        row.target === one.target &&
        row.version === one.version &&
        row.state === 'Cancelled',
    ),
  )
  return `${done.length} of ${asked.length} were cancelled in time`
}

/** Runs one cause against the load, then asks database, disk and kernel what is left. */
export const tryCause = async (
  stack: Stack,
  cause: Cause,
  chance: Chance,
  say: (text: string) => void,
): Promise<Row> => {
  await setScript(stack, cause.scripts ?? usualScripts)
  const load = await prepareLoad(stack, chance, `${cause.name}-${Date.now()}`, cause.runsEach)
  const { strike, undo, holdsResults = false } = await cause.prepare(stack)
  const watch = watchResults(stack.resultsRoot, load.expected)
  try {
    const before = await lostWorkers(stack)
    const began = await databaseTime(stack)
    const recoveries: Promise<number | undefined>[] = []
    const met: number[] = []
    const struck = {
      stack,
      chance: chance.of('strikes'),
      load,
      met: (count: number) => void met.push(count),
      expectRecovery: (since: Date) => {
        recoveries.push(timeToRecover(stack, since, { detects: cause.detects === true }))
      },
    }
    await Promise.all([load.give(), strike(struck).finally(load.giveRest)])
    const times = await Promise.all(recoveries)
    let expected = load.expected
    const isIdle = await becomesIdle(stack, expected)
    if (isIdle && cause.errorsInOrder) {
      const again = await rerunErrors(stack, expected, cause)
      // Zeros prove nothing where nothing was struck.
      if (again.length === 0 && !holdsResults && !cause.errorsAreRare) {
        throw new Error(`${cause.name} struck no reduction`)
      }
      say(`${again.length} ended in an Error and were run again`)
      expected = [...expected, ...again]
      await becomesIdle(stack, expected)
    }
    say(await cancelledInTime(stack, expected))
    await becomesTrue(async () => (await leftoverStaging(stack)).length === 0, tidyWithinMs, 500)
    const found = await findings(
      stack,
      expected,
      watch,
      (row) => cause.errorsInOrder?.test(row.reason ?? '') === true && row.state === 'Error',
    )
    const recoverySeconds = times.includes(undefined) ? undefined : Math.max(0, ...times.map((time) => time ?? 0))
    const losses = (await lostWorkers(stack)) - before
    const unsaid = holdsResults ? await unsaidAboutResults(stack, began) : []
    const all = withLosses({ ...found, lost: [...found.lost, ...unsaid] }, cause, losses)
    return { came: 'to an end', cause: cause.name, met, findings: all, recoverySeconds }
  } finally {
    await watch.stop()
    await undo()
  }
}

const databaseTime = async (stack: Stack): Promise<Date> => {
  const [row] = await stack.database.rows(z.object({ now: z.date() }), 'SELECT UTC_TIMESTAMP(6) AS now')
  return row?.now ?? new Date()
}

/** What people should have been told of results that could not be written, and were not; and what they are still told. */
const unsaidAboutResults = async (stack: Stack, since: Date): Promise<readonly string[]> => {
  const count = async (condition: string): Promise<number> => {
    const [row] = await stack.database.rows(
      z.object({ count: z.coerce.number() }),
      `SELECT COUNT(*) AS count FROM notices WHERE kind = 'results-problem' AND raised_at >= ? AND ${condition}`,
      [since],
    )
    return row?.count ?? 0
  }
  const hasEnded = await becomesTrue(async () => (await count('open_key IS NOT NULL')) === 0, 40_000, 500)
  return [
    ...((await count('TRUE')) > 0 ? [] : ['no notice said that results could not be written']),
    ...(hasEnded ? [] : ['a notice still says that results cannot be written']),
  ]
}

const lostWorkers = async (stack: Stack): Promise<number> => {
  const [row] = await stack.database.rows(
    z.object({ count: z.coerce.number() }),
    'SELECT COALESCE(SUM(lost_count), 0) AS count FROM reductions',
  )
  return row?.count ?? 0
}

const withLosses = (found: Findings, cause: Cause, losses: number): Findings =>
  cause.losesNoWorker && losses > 0
    ? {
        ...found,
        doubled: [...found.doubled, `${losses} attempts counted as lost with their worker, though none died`],
      }
    : found
