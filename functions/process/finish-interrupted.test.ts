import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '#database/connection.ts'
import { claimNext } from '#database/queries/claim-next.ts'
import { beginPublishing } from '#database/queries/lease-held.ts'
import { usualModes } from '#results/file-modes.ts'
import { publish } from '#results/publish.ts'
import { resultsDirectory } from '#results/result-paths.ts'
import { sealedStaging } from '#results/test-support.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { finishInterrupted } from './finish-interrupted.ts'
import { outputPaths, queueReduction, reductionRow, testProcessor, type TestProcessor } from './test-processor.ts'

let schema: FreshSchema
let database: Database

beforeAll(async () => {
  schema = await freshSchema()
  database = schema.database
  await database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('WISH', 1, NOW(6), NOW(6))`,
  )
})
afterAll(() => schema.drop())

const decided = { state: 'Error', reason: 'no vanadium', scriptSeconds: 3 } as const

/** A reduction that its processor had decided when it died; the lease has run out. */
const deadAfterDecision = async (one: TestProcessor) => {
  const { id } = await queueReduction(database, { 'reduce.py': '' })
  const claim = await claimNext(database, {
    processor: 'the-dead',
    environments: one.processor.environments(),
    hasDefaultEnvironment: true,
  })
  if (claim?.reductionId !== id) throw new Error('another reduction was claimed')
  const { staging } = await sealedStaging(one.results, claim, { 'a.nxs': 'data' })
  const target = resultsDirectory(one.results, { ...claim, rbNumber: 1_920_234 })
  const file = { path: 'a.nxs', sizeBytes: 4, mediaType: 'application/x-hdf5', plot: null }
  expect(await beginPublishing(database, claim, { ...decided, resultsPath: target }, [file])).toBe(true)
  await database.change('UPDATE reductions SET lease_expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE id = ?', [
    id,
  ])
  const publication = { staging: staging.directory, target, reductionId: id, fence: claim.fence }
  return { id, target, staging: staging.directory, publication }
}

type Dead = Awaited<ReturnType<typeof deadAfterDecision>>
const deaths: Readonly<Record<string, (dead: Dead) => Promise<unknown>>> = {
  'after the decision': () => Promise.resolve(),
  'after the parents were made': ({ target }) => mkdir(dirname(target), { recursive: true }),
  'after the rename': async ({ staging, target }) => {
    await mkdir(dirname(target), { recursive: true })
    await rename(staging, target)
  },
  'after publishing, before the end was recorded': ({ publication }) => publish(publication, usualModes),
}

test.for(Object.entries(deaths))(
  'what a processor had decided when it died %s is finished once, as decided',
  async ([, die]) => {
    const one = await testProcessor(database)
    const dead = await deadAfterDecision(one)
    await die(dead)
    expect(await finishInterrupted(one.processor)).toBe(1)
    expect(await finishInterrupted(one.processor)).toBe(0)
    expect(await reductionRow(database, dead.id)).toMatchObject({
      state: 'Error',
      reason: 'no vanadium',
      step: null,
      resultsPath: dead.target,
      lostCount: 0,
    })
    expect(await readdir(dead.target)).toContain('a.nxs')
    expect(await readdir(join(one.results, 'WISH', '.staging'))).toEqual([])
    expect(await outputPaths(database, dead.id)).toEqual([['a.nxs', null]])
  },
)

test('where somebody else’s results lie meanwhile it ends as an Error, and they stay', async () => {
  const one = await testProcessor(database)
  const dead = await deadAfterDecision(one)
  await mkdir(dead.target, { recursive: true })
  await writeFile(join(dead.target, 'old'), '')
  await finishInterrupted(one.processor)
  expect(await reductionRow(database, dead.id)).toMatchObject({
    state: 'Error',
    reason: expect.stringContaining('Other results already lie at'),
    resultsPath: null,
  })
  expect(await readdir(dead.target)).toEqual(['old'])
})

test('where the finished results were removed it ends as an Error that says so', async () => {
  const one = await testProcessor(database)
  const dead = await deadAfterDecision(one)
  await rm(dead.staging, { recursive: true })
  await finishInterrupted(one.processor)
  expect(await reductionRow(database, dead.id)).toMatchObject({
    state: 'Error',
    reason: expect.stringContaining('were removed'),
  })
})

test('two that find the same do not disturb one another', async () => {
  const one = await testProcessor(database)
  const other = await testProcessor(database, { settings: { RESULTS_ROOT: one.results } })
  const dead = await deadAfterDecision(one)
  const finished = await Promise.all([finishInterrupted(one.processor), finishInterrupted(other.processor)])
  expect(finished.toSorted()).toEqual([0, 1])
  expect(await readdir(dead.target)).toContain('a.nxs')
})
