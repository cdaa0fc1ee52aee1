import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { freshSchema, type FreshSchema } from '../../../tests/support/fresh-schema.ts'
import { claimNext } from './claim-next.ts'
import { everyone } from '#contracts/viewer.ts'
import { finishReduction } from './lease-held.ts'
import { beatProcessor } from './processors.ts'
import { findReduction } from './reduction-detail.ts'
import { lockInstrument, recordReductions } from './record-reductions.ts'

const python = { name: 'Python', version: '3.11' }

let schema: FreshSchema
beforeAll(async () => {
  schema = await freshSchema()
  await schema.database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at)
     VALUES ('A', TRUE, NOW(6), NOW(6)), ('B', TRUE, NOW(6), NOW(6))`,
  )
  await beatProcessor(schema.database, { id: 'p', host: 'h', slots: 8, environments: [python] })
})
afterAll(() => schema.drop())

const queue = (instrument: string, runNumber: number, variableName: string): Promise<unknown> =>
  schema.database.transaction(async (sql) => {
    await lockInstrument(sql, instrument)
    const metadata = {
      title: null,
      rbNumber: 1_234_567,
      rbText: '1234567',
      startedAt: null,
      endedAt: null,
      durationSeconds: null,
      goodFrames: null,
      rawFrames: null,
      protonCharge: null,
      userNames: null,
      definition: null,
      filePath: '/f.nxs',
      fileSizeBytes: 1,
      fileModifiedAt: new Date(),
    }
    return recordReductions(
      sql,
      {
        instrument,
        class: 'rerun',
        startedBy: 'Ada',
        description: null,
        software: null,
        script: { files: [{ name: 'reduce.py', base64: '' }] },
        given: [{ name: variableName, plain: 1 }],
      },
      [{ runNumber, rbNumber: 1_234_567, versionsOnDisk: undefined, start: { state: 'Queued' }, metadata }],
    )
  })

it('ends a reduction that cannot be read, so that it stands in nobody’s way', async () => {
  // No variable has an empty name: written by an older or a newer service, or by hand.
  await queue('A', 1, '')
  await queue('A', 2, 'width')
  await queue('B', 1, 'width')
  const unreadable: number[] = []
  const asking = {
    processor: 'p',
    environments: [python],
    hasDefaultEnvironment: true,
    onUnreadable: (id: number) => unreadable.push(id),
  }
  const targets: string[] = []
  for (let bell = 0; bell < 5; bell += 1) {
    const claim = await claimNext(schema.database, asking)
    if (claim) targets.push(`${claim.instrument} ${claim.target}`)
  }
  expect(targets.toSorted()).toEqual(['A 2', 'B 1'])
  expect(unreadable).toHaveLength(1)
  const ended = await schema.database.rows(
    z.object({ state: z.string(), reason: z.string(), isOver: z.number(), latest: z.string() }),
    `SELECT reductions.state, reason, finished_at IS NOT NULL AND lease_owner IS NULL AS isOver, latest_state AS latest
     FROM reductions JOIN runs ON runs.latest_reduction_id = reductions.id WHERE reductions.id IN (?)`,
    [unreadable],
  )
  expect(ended).toMatchObject([{ state: 'Error', isOver: 1, latest: 'Error' }])
  expect(ended[0]?.reason).toContain('Submit the run again')
  const shown = await findReduction(schema.database, everyone, unreadable[0] ?? 0)
  expect(shown).toMatchObject({ state: 'Error', given: null })
})

it('ends a reduction whatever a script has said of its end, and however much', async () => {
  await queue('B', 2, 'width')
  const claim = await claimNext(schema.database, {
    processor: 'p',
    environments: [python],
    hasDefaultEnvironment: true,
  })
  if (!claim) throw new Error('nothing was claimed')
  const outcome = { state: 'Error', reason: '∑'.repeat(100_000), resultsPath: null } as const
  expect(await finishReduction(schema.database, claim, outcome)).toBe(true)
  const [row] = await schema.database.rows(
    z.object({ reason: z.string() }),
    'SELECT reason FROM reductions WHERE id = ?',
    [claim.reductionId],
  )
  expect(row?.reason).toMatch(/^∑{3999}…$/)
})
