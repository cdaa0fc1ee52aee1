import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { freshSchema, type FreshSchema } from '../../../tests/support/fresh-schema.ts'
import { rowsRead } from '../../../tests/support/rows-read.ts'
import { insertInstruments, insertRows } from '../../../tests/support/seed-archive.ts'
import { recordReductions, type RunToRecord } from './record-reductions.ts'

const instrument = 'ENGINX'
const runNumbers = Array.from({ length: 1_000 }, (_, place) => 1_000 + place)

let schema: FreshSchema
beforeAll(async () => {
  schema = await freshSchema()
  await insertInstruments(schema.database, [instrument])
  await insertRows(
    schema.database,
    'runs',
    ['instrument', 'run_number', 'versions_on_disk'],
    runNumbers.map((run) => [instrument, run, -1]),
  )
})
afterAll(() => schema.drop())

const reRun = (runNumber: number): RunToRecord => ({
  runNumber,
  metadata: undefined,
  rbNumber: 1510111,
  versionsOnDisk: undefined,
  start: { state: 'Queued' },
})

it('reads some rows a run for a thousand re-runs, also where the server knows nothing of the tables yet', async () => {
  for (const version of [0, 1, 2]) {
    const read = await rowsRead(schema.database, async (sql) => {
      const recorded = await recordReductions(
        sql,
        {
          instrument,
          class: 'bulk',
          startedBy: 'a test',
          description: null,
          software: null,
          script: { sha256: 'a'.repeat(64) },
          given: [],
        },
        runNumbers.map(reRun),
      )
      expect(new Set(recorded.map((one) => one.version))).toEqual(new Set([version]))
    })
    expect(read).toBeLessThan(runNumbers.length * 50)
  }
  const [wrong] = await schema.database.rows(
    z.object({ count: z.coerce.number() }),
    `SELECT COUNT(*) AS count FROM reductions LEFT JOIN reduction_runs ON reduction_id = reductions.id
     LEFT JOIN runs ON runs.id = run_id WHERE NOT (run_number <=> CAST(target AS UNSIGNED))`,
  )
  expect(wrong).toEqual({ count: 0 })
})
