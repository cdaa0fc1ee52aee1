import { existsSync, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Expected } from './a-load.ts'
import { orphansAmong } from '../a-stack/family.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import { instruments } from './faults-stack.ts'
import type { ResultsWatch } from './watch-results.ts'

/** What went wrong, each in words; all are empty where nothing did. */
export type Findings = {
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  readonly publishedTwice: readonly string[]
  readonly orphans: readonly string[]
  readonly staging: readonly string[]
}

const reductionSchema = z.object({
  id: z.number(),
  instrument: z.string(),
  target: z.string(),
  version: z.number(),
  state: z.string(),
  reason: z.string().nullable(),
  resultsPath: z.string().nullable(),
  ends: z.number(),
})
export type ReductionRow = z.infer<typeof reductionSchema>

/** All reductions, with how often each has ended. */
export const readReductions = (stack: Stack): Promise<readonly ReductionRow[]> =>
  stack.database.rows(
    reductionSchema,
    `SELECT id, instrument, target, version, state, reason, results_path AS resultsPath,
       (SELECT COUNT(*) FROM change_events WHERE kind = 'reduction' AND reduction_id = reductions.id
          AND move IN ('finish', 'give-up', 'withdraw')) AS ends
     FROM reductions ORDER BY id`,
  )

const keyOf = (place: { readonly instrument: string; readonly version: number }, run: number | string): string =>
  `${place.instrument} ${run} v${place.version}`

/** What the database, the disk and the kernel say when all work should be done. */
export const findings = async (
  stack: Stack,
  expected: readonly Expected[],
  watch: ResultsWatch,
  isEndInOrder: (row: ReductionRow) => boolean,
): Promise<Findings> => {
  const rows = await readReductions(stack)
  const byKey = new Map(rows.map((row) => [keyOf(row, row.target), row]))
  const wanted = new Set(expected.map((one) => keyOf(one, one.run)))
  const published = [...watch.seen().values()]
  const byPath = new Map(published.map((seen) => [seen.path, seen]))

  const lost = expected.flatMap((one) => {
    const key = keyOf(one, one.run)
    const row = byKey.get(key)
    if (!row) return [`${key} was never recorded`]
    if (row.state !== 'Completed') {
      return isEndInOrder(row) ? [] : [`${key} (${row.id}) is ${row.state}: ${row.reason ?? 'no reason'}`]
    }
    const seen = byPath.get(row.resultsPath ?? '')
    if (!seen) return [`${key} (${row.id}) is Completed, without results at ${row.resultsPath ?? 'any place'}`]
    return seen.reductionId === row.id ? [] : [`${key}: another reduction's results lie at ${seen.path}`]
  })
  lost.push(...published.flatMap(({ path, fault }) => (fault === undefined ? [] : [`${path} is not whole: ${fault}`])))

  const ofThisLoad = new Set(expected.map(({ instrument, run }) => `${instrument} ${run}`))
  const doubled = rows.flatMap((row) => {
    const key = keyOf(row, row.target)
    // Earlier versions of a run that is re-run belong to earlier loads.
    const isEarlier = expected.some(
      (one) => one.instrument === row.instrument && String(one.run) === row.target && one.version > row.version,
    )
    const isExtra = ofThisLoad.has(`${row.instrument} ${row.target}`) && !wanted.has(key) && !isEarlier
    return [
      ...(isExtra ? [`${key} (${row.id}) was asked for by nobody`] : []),
      ...(row.ends > 1 ? [`${key} (${row.id}) ended ${row.ends} times`] : []),
    ]
  })

  const byReduction = new Map<number, string[]>()
  for (const { reductionId, path } of published)
    byReduction.set(reductionId, [...(byReduction.get(reductionId) ?? []), path])
  const publishedTwice = [
    ...watch.changed(),
    ...[...byReduction].flatMap(([id, paths]) =>
      id !== 0 && paths.length > 1 ? [`reduction ${id} lies at ${paths.join(' and ')}`] : [],
    ),
  ]
  return { lost, doubled, publishedTwice, orphans: orphans(stack), staging: await leftoverStaging(stack) }
}

const orphans = (stack: Stack): readonly string[] => {
  const members = stack.family()
  return [
    ...orphansAmong(members, true).map(({ pid, role, command }) => `${pid} ${role}: ${command.slice(0, 120)}`),
    ...members.filter(({ isFrozen }) => isFrozen).map(({ pid, role }) => `${pid} ${role} is frozen`),
  ]
}

/**
 * Attempts on the results disk, and scratch of processors that are no more. The last log of a reduction that was given up is no
 * leftover: a person looks at it.
 */
export const leftoverStaging = async (stack: Stack): Promise<readonly string[]> => {
  const list = (path: string): string[] => (existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [])
  const staged = instruments.flatMap((instrument) => list(join(stack.resultsRoot, instrument, '.staging')))
  const givenUp = new Set(
    (await readReductions(stack))
      .filter(({ state, resultsPath }) => state === 'Error' && resultsPath === null)
      .map(({ id }) => String(id)),
  )
  const isLastLog = (path: string): boolean => givenUp.has(/\/([0-9]+)-[0-9]+\.log[.0-9]*$/.exec(path)?.[1] ?? '')
  const scratch = list(join(stack.stateDirectory, 'scratch')).filter((path) => {
    const pid = new RegExp(`/${hostname()}-([0-9]+)-[0-9a-f]+$`).exec(path)?.[1]
    if (pid === undefined) return false
    return !existsSync(`/proc/${pid}`) || list(path).some((entry) => !entry.endsWith('/owner.json'))
  })
  return [...staged.filter((path) => !isLastLog(path)), ...scratch]
}
