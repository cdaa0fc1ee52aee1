import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { openDatabase } from '#database/connection.ts'
import { everyone } from '#contracts/viewer.ts'
import { claimNext, type Claim } from '#database/queries/claim-next.ts'
import { cancelReductions } from '#database/queries/reductions-cancel.ts'
import { openLosableNetwork } from '../../tests/a-stack/losable-network.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { keepLease } from './keep-lease.ts'
import { queueReduction, testProcessor, type TestProcessor } from './test-processor.ts'

let schema: FreshSchema
beforeAll(async () => {
  schema = await freshSchema()
  await schema.database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('WISH', 1, NOW(6), NOW(6))`,
  )
})
afterAll(() => schema.drop())

const claimed = async (processor: TestProcessor['processor'], leaseSeconds: number): Promise<Claim> => {
  await queueReduction(schema.database, { 'reduce.py': 'def main(input_file, output_dir): pass' })
  const claim = await claimNext(schema.database, {
    processor: processor.id,
    environments: [],
    hasDefaultEnvironment: true,
    leaseSeconds,
  })
  if (!claim) throw new Error('nothing was claimed')
  return claim
}

test('a cancel is seen between two beats, even while a beat waits for somebody else’s lock', async () => {
  const { processor } = await testProcessor(schema.database, { heartBeatMs: 100, cancelLookMs: 100 })
  const claim = await claimed(processor, 60)
  const { reductionId } = claim
  await schema.database.transaction((sql) => cancelReductions(sql, everyone, { reductionIds: [reductionId] }))
  const changes: string[] = []
  await schema.database.transaction(async (sql) => {
    await sql.rows(z.object({ id: z.number() }), 'SELECT id FROM reductions WHERE id = ? FOR UPDATE', [reductionId])
    const keeper = keepLease(processor, claim, (change) => changes.push(change))
    onTestFinished(keeper.stop)
    await expect.poll(() => changes).toEqual(['cancelled'])
  })
})

test('a connection that was lost without a word does not cost the lease', async () => {
  const leaseSeconds = 6
  const { processor } = await testProcessor(schema.database, { settings: { lease_seconds: String(leaseSeconds) } })
  const claim = await claimed(processor, leaseSeconds)
  const runsOut = async (): Promise<{ at: number; isOver: boolean }> => {
    const [row] = await schema.database.rows(
      z.object({ at: z.date(), isOver: z.number() }),
      'SELECT lease_expires_at AS at, lease_expires_at < UTC_TIMESTAMP(6) AS isOver FROM reductions WHERE id = ?',
      [claim.reductionId],
    )
    return { at: row?.at.getTime() ?? 0, isOver: row?.isOver === 1 }
  }

  const network = await openLosableNetwork(schema.url)
  const overNetwork = openDatabase(network.url)
  onTestFinished(async () => {
    void keeper.stop()
    await network.close()
    await overNetwork.close()
  })
  const atFirst = await runsOut()
  const keeper = keepLease({ ...processor, database: overNetwork }, claim, () => undefined)
  await expect.poll(async () => (await runsOut()).at).toBeGreaterThan(atFirst.at)
  network.forget()
  // The beat that was under way may still have arrived.
  const whenLost = await runsOut()
  const seen: boolean[] = []
  await expect
    .poll(
      async () => {
        const { at, isOver } = await runsOut()
        seen.push(isOver)
        return at - whenLost.at
      },
      { interval: 50 },
    )
    .toBeGreaterThan(1_000)
  expect(seen).not.toContain(true)
})
