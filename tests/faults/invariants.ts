import { existsSync, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Expected } from './a-load.ts'
import { orphansAmong } from '../a-stack/family.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import { flatInstrument, instruments } from './faults-stack.ts'
import { flatFolder, nameOfData, readData, type ResultsWatch, type Seen } from './watch-results.ts'

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

const keyOf = (one: Pick<ReductionRow, 'instrument' | 'target' | 'version'>): string =>
  `${one.instrument} ${one.target} v${one.version}`

/** What the database, the disk and the kernel say when all work should be done. */
export const findings = async (
  stack: Stack,
  expected: readonly Expected[],
  watch: ResultsWatch,
  isEndInOrder: (row: ReductionRow) => boolean,
): Promise<Findings> => {
  const rows = await readReductions(stack)
  const byKey = new Map(rows.map((row) => [keyOf(row), row]))
  const wanted = new Set(expected.map(keyOf))
  const published = [...watch.seen().values()]
  const byPath = new Map(published.map((seen) => [seen.path, seen]))

  const lost = expected.flatMap((one) => {
    const key = keyOf(one)
    const row = byKey.get(key)
    if (!row) return [`${key} was never recorded`]
    if (one.isCancelled && row.state === 'Cancelled') return []
    if (row.state !== 'Completed') {
      return isEndInOrder(row) ? [] : [`${key} (${row.id}) is ${row.state}: ${row.reason ?? 'no reason'}`]
    }
    const seen = byPath.get(row.resultsPath ?? '')
    if (!seen) return [`${key} (${row.id}) is Completed, without results at ${row.resultsPath ?? 'any place'}`]
    return seen.reductionId === row.id ? [] : [`${key}: another reduction's results lie at ${seen.path}`]
  })
  lost.push(...published.flatMap(({ path, fault }) => (fault === undefined ? [] : [`${path} is not whole: ${fault}`])))
  lost.push(...lostFromFlat(stack.resultsRoot, rows, byPath))

  const ofThisLoad = new Set(expected.map(({ instrument, target }) => `${instrument} ${target}`))
  const doubled = rows.flatMap((row) => {
    const key = keyOf(row)
    // Earlier versions of a run that is re-run belong to earlier loads.
    const isEarlier = expected.some(
      (one) => one.instrument === row.instrument && one.target === row.target && one.version > row.version,
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

/** In the flat folder lie, whole, the data of one of the versions that are published of each run and batch; the newest's, but for two that ended at once. */
const lostFromFlat = (
  resultsRoot: string,
  rows: readonly ReductionRow[],
  byPath: ReadonlyMap<string, Seen>,
): readonly string[] => {
  const completed = rows.filter(({ instrument, state }) => instrument === flatInstrument && state === 'Completed')
  const ofTarget = Map.groupBy(completed, ({ target }) => target)
  return [...ofTarget].flatMap(([target, versions]) => {
    const folder = flatFolder(resultsRoot)
    const published = versions.flatMap(({ resultsPath }) => byPath.get(resultsPath ?? '') ?? [])
    // Told already where it is lost; not to be had where a small disk lies over it.
    if (published.length === 0) return []
    const name = published.map(({ path }) => nameOfData(path)).find((found) => found !== undefined)
    try {
      const { attempt } = readData(folder, name ?? target)
      const isOfOne = published.some((seen) => seen.attempt.endsWith(attempt))
      return isOfOne ? [] : [`what lies of ${target} in ${folder} is of no published version`]
    } catch (cause) {
      return [`${target} is not whole in ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`]
    }
  })
}

const orphans = (stack: Stack): readonly string[] => {
  const members = stack.family()
  return [
    ...orphansAmong(members, true).map(({ pid, role, command }) => `${pid} ${role}: ${command.slice(0, 120)}`),
    ...members.filter(({ isFrozen }) => isFrozen).map(({ pid, role }) => `${pid} ${role} is frozen`),
  ]
}

/** What `process` calls the folder of one job; what else lies in a living processor's scratch is its own. */
const jobFolder = /\/([0-9]+-[0-9]+|variables-[0-9]+)$/

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
    return !existsSync(`/proc/${pid}`) || list(path).some((entry) => jobFolder.test(entry))
  })
  const coming = list(flatFolder(stack.resultsRoot)).filter((path) => path.endsWith('.coming'))
  return [...staged.filter((path) => !isLastLog(path)), ...scratch, ...coming]
}
