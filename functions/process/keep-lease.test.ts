import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { openDatabase } from '#database/connection.ts'
import { claimNext } from '#database/queries/claim-next.ts'
import { openLosableNetwork } from '../../tests/a-stack/losable-network.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { keepLease } from './keep-lease.ts'
import { queueReduction, testProcessor } from './test-processor.ts'

let schema: FreshSchema
beforeAll(async () => {
  schema = await freshSchema()
})
afterAll(() => schema.drop())

test('a connection that was lost without a word does not cost the lease', async () => {
  const leaseSeconds = 6
  const { processor } = await testProcessor(schema.database, { settings: { lease_seconds: String(leaseSeconds) } })
  await schema.database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('WISH', 1, NOW(6), NOW(6))`,
  )
  const { id } = await queueReduction(schema.database, { 'reduce.py': 'def main(input_file, output_dir): pass' })
  const claim = await claimNext(schema.database, {
    processor: processor.id,
    environments: [],
    hasDefaultEnvironment: true,
    leaseSeconds,
  })
  if (!claim) throw new Error('nothing was claimed')
  const runsOut = async (): Promise<{ at: number; isOver: boolean }> => {
    const [row] = await schema.database.rows(
      z.object({ at: z.date(), isOver: z.number() }),
      'SELECT lease_expires_at AS at, lease_expires_at < UTC_TIMESTAMP(6) AS isOver FROM reductions WHERE id = ?',
      [id],
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
