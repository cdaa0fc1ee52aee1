import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimNext } from '#database/queries/claim-next.ts'
import { largestLostCount, takeBackFromDead } from '#database/queries/lease-expired.ts'
import { finishReduction } from '#database/queries/lease-held.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { sweepStaging } from './sweep-staging.ts'
import { queueReduction, testProcessor } from './test-processor.ts'

let schema: FreshSchema
beforeAll(async () => {
  schema = await freshSchema()
  await schema.database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('WISH', 1, NOW(6), NOW(6))`,
  )
})
afterAll(() => schema.drop())

test('what attempts left behind is removed when they are over, and the last log of what was given up a while later', async () => {
  const { processor, results } = await testProcessor(schema.database, { settings: { slots: '8' } })
  const asking = { processor: 'dead', environments: [], hasDefaultEnvironment: true }
  const staging = join(results, 'WISH', '.staging')
  const leave = async (id: number, fence: number): Promise<void> => {
    await mkdir(join(staging, `${id}-${fence}`, 'deep'), { recursive: true })
    for (const part of ['', '.4096']) await writeFile(join(staging, `${id}-${fence}.log${part}`), 'last words')
  }
  const claimed = async (): Promise<{ reductionId: number; fence: number }> => {
    await queueReduction(schema.database, { 'reduce.py': '' })
    const claim = await claimNext(schema.database, asking)
    if (!claim) throw new Error('nothing was claimed')
    return claim
  }
  const [givenUp, running, ended] = [await claimed(), await claimed(), await claimed()]
  for (const { reductionId, fence } of [givenUp, running, ended]) await leave(reductionId, fence)
  await leave(running.reductionId, 0)
  await leave(999_999, 1)
  await finishReduction(schema.database, ended, { state: 'Cancelled', reason: null, resultsPath: null })
  await schema.database.change('UPDATE reductions SET lost_count = ?, lease_owner = ? WHERE id = ?', [
    largestLostCount,
    'gone',
    givenUp.reductionId,
  ])
  expect(await takeBackFromDead(schema.database, ['gone'])).toEqual({ requeued: 0, givenUp: 1 })

  await sweepStaging(processor)
  const kept = [
    ...['', '.log', '.log.4096'].map((part) => `${running.reductionId}-1${part}`),
    ...['', '.log', '.log.4096'].map((part) => `999999-1${part}`),
  ]
  const lastLog = ['.log', '.log.4096'].map((part) => `${givenUp.reductionId}-1${part}`)
  expect((await readdir(staging)).toSorted()).toEqual([...kept, ...lastLog].toSorted())

  await schema.database.change('UPDATE reductions SET finished_at = UTC_TIMESTAMP(6) - INTERVAL 31 DAY WHERE id = ?', [
    givenUp.reductionId,
  ])
  expect(await sweepStaging(processor)).toHaveLength(2)
  expect((await readdir(staging)).toSorted()).toEqual(kept.toSorted())
})
