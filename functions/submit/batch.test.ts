import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { submissionAnswerSchema, type Outcome } from '#contracts/submission.ts'
import { openLog } from '#function-server/log.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import type { Finding } from './decide-run.ts'
import { submitRoutes, type SubmitParts } from './routes.ts'

let schema: FreshSchema
let files: Map<number, Finding>
let onDisk: Map<string, number>
let parts: SubmitParts

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const current = [
  { name: 'reduce.py', base64: base64('def main(i, o): pass') },
  { name: 'reduce_vars.py', base64: base64('standard_vars = {"a": 1}') },
]
const readable = (runNumber: number, rbText = '1510111'): Finding => ({
  kind: 'read',
  metadata: {
    title: `Run ${runNumber}`,
    rbText,
    startedAt: null,
    endedAt: null,
    durationSeconds: 10,
    goodFrames: 1,
    rawFrames: 1,
    protonCharge: 22.5,
    userNames: 'Liu',
    definition: 'TOFRAW',
    filePath: `/isis/NDXENGINX/ENGINX${runNumber}.nxs`,
    fileSizeBytes: 1,
    fileModifiedAt: new Date('2015-07-01T15:00:00Z'),
  },
})

beforeAll(async () => {
  schema = await freshSchema()
})
afterAll(() => schema.drop())
beforeEach(async () => {
  const tables = 'instruments runs reductions reduction_runs detections idempotency_keys change_events scripts'
  for (const table of tables.split(' ')) await schema.database.change(`DELETE FROM ${table}`)
  await schema.database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('ENGINX', TRUE, NOW(6), NOW(6)), ('OLD', FALSE, NOW(6), NOW(6))`,
  )
  files = new Map([1, 2, 3, 5, 7].map((run) => [run, readable(run)]))
  onDisk = new Map()
  parts = {
    database: schema.database,
    looking: {
      findRun: (_instrument, run) =>
        Promise.resolve(
          files.get(run) ?? { kind: 'not-yet', reason: `There is no file of run ${run}.`, file: undefined },
        ),
      versionsOnDisk: (_instrument, _rbNumber, target) => Promise.resolve(onDisk.get(target) ?? -1),
      findScript: () => Promise.resolve({ kind: 'script', files: current }),
    },
    internalKey: () => 'key',
    ringForWork: () => undefined,
    log: openLog('submit', 'silent'),
  }
})

const submit = async (more: object, key?: string) => {
  const body = { origin: 'request', requestedBy: 'Ada', instrument: 'ENGINX', ...more }
  const headers = { authorization: 'Bearer key', ...(key !== undefined && { 'idempotency-key': key }) }
  const answer = await submitRoutes(parts).request('/', { method: 'POST', body: JSON.stringify(body), headers })
  return { status: answer.status, json: (await answer.json()) as never }
}
const outcomesOf = async (more: object, key?: string): Promise<readonly Outcome[]> => {
  const { status, json } = await submit(more, key)
  expect(status, JSON.stringify(json)).toBe(200)
  return submissionAnswerSchema.parse(json).outcomes
}
const batch = (runs: unknown) => ({ runs, batch: true })
const reductions = () =>
  schema.database.rows(
    z.object({ target: z.string(), version: z.number(), state: z.string(), class: z.string(), runs: z.string() }),
    `SELECT target, version, state, class,
       (SELECT GROUP_CONCAT(run_number ORDER BY run_number) FROM reduction_runs JOIN runs ON runs.id = run_id
        WHERE reduction_id = reductions.id) AS runs
     FROM reductions ORDER BY reductions.id`,
  )

describe('a batch', () => {
  it('is one reduction of all its runs, whose own newest reductions stay what they are', async () => {
    await outcomesOf({ runs: [2] })
    const [outcome, ...more] = await outcomesOf(batch('5, 1-2'))
    expect(more).toEqual([])
    expect(outcome).toMatchObject({ outcome: 'queued', runNumber: 1, batch: [1, 2, 5], version: 0 })
    expect(await reductions()).toEqual([
      { target: '2', version: 0, state: 'Queued', class: 'rerun', runs: '2' },
      { target: 'batch-1-5', version: 0, state: 'Queued', class: 'rerun', runs: '1,2,5' },
    ])
    const latest = await schema.database.rows(
      z.object({ run: z.number(), target: z.string().nullable() }),
      `SELECT run_number AS run, target FROM runs LEFT JOIN reductions ON reductions.id = latest_reduction_id ORDER BY run_number`,
    )
    expect(latest).toEqual([
      { run: 1, target: null },
      { run: 2, target: '2' },
      { run: 5, target: null },
    ])
    // Detection reduces each of them all the same.
    const body = { origin: 'detection', instrument: 'ENGINX', runs: [1] }
    expect(await outcomesOf(body)).toMatchObject([{ outcome: 'queued', runNumber: 1, version: 0 }])
  })

  it('never shares a version with another that begins and ends alike, nor with what the predecessor left', async () => {
    onDisk.set('batch-1-5', 3)
    expect(await outcomesOf(batch([1, 2, 5]))).toMatchObject([{ version: 4 }])
    expect(await outcomesOf(batch([1, 3, 5]))).toMatchObject([{ version: 5 }])
    const both = await Promise.all([outcomesOf(batch([1, 2, 5])), outcomesOf(batch([1, 2, 3, 5]))])
    expect(
      both
        .flat()
        .map((one) => 'version' in one && one.version)
        .toSorted(),
    ).toEqual([6, 7])
    expect((await reductions()).map(({ runs }) => runs).toSorted()).toEqual(['1,2,3,5', '1,2,5', '1,2,5', '1,3,5'])
  })

  it('is recorded once under an Idempotency-Key, and answers the same', async () => {
    const first = await submit(batch([1, 2]), 'once')
    expect(await submit(batch([1, 2]), 'once')).toEqual(first)
    expect(await reductions()).toHaveLength(1)
  })

  it.each([
    [[1], 'A batch has at least two runs, and only run 1 is named.'],
    [[1, 4], 'A batch needs all its runs. Run 4: There is no file of run 4. Leave them out'],
    [[1, 9], '(RB 1510111: 1; RB 1710222: 9)'],
    ['1,1', 'Run 1 is named twice.'],
  ])('of %j is refused in words, and nothing is recorded', async (runs, sentence) => {
    files.set(9, readable(9, '1710222'))
    expect(await submit(batch(runs))).toMatchObject({
      status: 400,
      json: { detail: expect.stringContaining(sentence) },
    })
    expect(await reductions()).toEqual([])
  })

  it('is skipped with the reason where a single run would be', async () => {
    files.set(8, readable(8, 'CAL')).set(9, readable(9, 'CAL'))
    expect(await outcomesOf(batch([8, 9]))).toMatchObject([
      { outcome: 'skipped', batch: [8, 9], reason: expect.stringContaining('“CAL” is not an experiment') },
    ])
    expect(await outcomesOf({ ...batch([1, 2]), instrument: 'OLD' })).toMatchObject([{ outcome: 'skipped' }])
    expect((await reductions()).map(({ state }) => state)).toEqual(['Skipped', 'Skipped'])
  })
})

describe('an edited text', () => {
  const filesOf = async (id: number) => {
    const [row] = await schema.database.rows(
      z.object({ files: z.string() }),
      'SELECT files FROM scripts JOIN reductions ON script_sha256 = sha256 WHERE reductions.id = ?',
      [id],
    )
    const kept = z.array(z.object({ name: z.string(), base64: z.string() })).parse(JSON.parse(row?.files ?? '[]'))
    return Object.fromEntries(kept.map(({ name, base64: text }) => [name, Buffer.from(text, 'base64').toString()]))
  }
  const idIn = ([outcome]: readonly Outcome[]): number =>
    outcome && 'reductionId' in outcome ? outcome.reductionId : 0

  it('runs with the neighbours of the reduction it was edited from, else with the current ones', async () => {
    const first = idIn(await outcomesOf({ runs: [1] }))
    const changed = [current[0], { name: 'reduce_vars.py', base64: base64('standard_vars = {"b": 2}') }]
    parts = {
      ...parts,
      looking: { ...parts.looking, findScript: () => Promise.resolve({ kind: 'script', files: changed as never }) },
    }
    const text = 'def main(i, o): print(1)'
    const then = idIn(await outcomesOf({ runs: [1], script: { from: 'text', text, reductionId: first } }))
    expect(await filesOf(then)).toEqual({ 'reduce.py': text, 'reduce_vars.py': 'standard_vars = {"a": 1}' })
    const now = idIn(await outcomesOf({ runs: [1], script: { from: 'text', text } }))
    expect(await filesOf(now)).toEqual({ 'reduce.py': text, 'reduce_vars.py': 'standard_vars = {"b": 2}' })
    expect(await submit({ runs: [1], script: { from: 'text', text, reductionId: 99_999 } })).toMatchObject({
      status: 400,
    })
  })

  it('does not run without its neighbours where their folder does not answer', async () => {
    await outcomesOf({ runs: [1] })
    const away = { kind: 'not-yet', reason: 'The drive of the scripts does not answer.' } as const
    parts = { ...parts, looking: { ...parts.looking, findScript: () => Promise.resolve(away) } }
    expect(await outcomesOf({ runs: [1], script: { from: 'text', text: 'x' } })).toMatchObject([
      { outcome: 'refused', reason: expect.stringContaining('The drive of the scripts does not answer.') },
    ])
  })
})
