import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Outcome } from '#contracts/submission.ts'
import { givenArgumentsSchema, type ConfigurationSource } from '#contracts/variables.ts'
import { addConfiguration } from '#database/queries/run-configurations.ts'
import { openLog } from '#function-server/log.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import type { Finding } from './decide-run.ts'
import { submitRoutes, type SubmitParts } from './routes.ts'

let schema: FreshSchema
let files: Map<number, Finding>
let rung: number
let parts: SubmitParts

const script = { name: 'reduce.py', base64: Buffer.from('def main(i, o): pass').toString('base64') }
const readable = (runNumber: number, rbText = '1510111'): Finding => ({
  kind: 'read',
  metadata: {
    title: `Run ${runNumber}`,
    rbText,
    startedAt: new Date('2015-07-01T14:29:17Z'),
    endedAt: null,
    durationSeconds: 10,
    goodFrames: 18_992,
    rawFrames: 23_740,
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
  for (const table of [
    'instruments',
    'runs',
    'reductions',
    'reduction_runs',
    'detections',
    'idempotency_keys',
    'change_events',
    'detection_cursors',
    'run_configurations',
  ]) {
    await schema.database.change(`DELETE FROM ${table}`)
  }
  await schema.database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('ENGINX', TRUE, NOW(6), NOW(6)), ('OLD', FALSE, NOW(6), NOW(6))`,
  )
  files = new Map()
  rung = 0
  parts = {
    database: schema.database,
    looking: {
      findRun: (_instrument, run) =>
        Promise.resolve(
          files.get(run) ?? { kind: 'not-yet', reason: `The file of run ${run} is not there yet.`, file: undefined },
        ),
      versionsOnDisk: () => Promise.resolve(-1),
      findScript: () => Promise.resolve({ kind: 'script', files: [script] }),
    },
    internalKey: () => 'key',
    ringForWork: () => (rung += 1),
    log: openLog('submit', 'silent'),
  }
})

const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  Promise.resolve(
    submitRoutes(parts).request('/', {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { authorization: 'Bearer key', ...headers },
    }),
  )
const outcomesOf = async (response: Response): Promise<Outcome[]> => {
  expect(response.status).toBe(200)
  const body = (await response.json()) as { outcomes: Outcome[] }
  return body.outcomes
}
const detected = (runs: number[]): object => ({ origin: 'detection', instrument: 'ENGINX', runs })
const asked = (more: object): object => ({ origin: 'request', requestedBy: 'Ada', instrument: 'ENGINX', ...more })
const count = async (table: string): Promise<number> => {
  const [row] = await schema.database.rows(z.object({ count: z.number() }), `SELECT COUNT(*) AS count FROM ${table}`)
  return row?.count ?? -1
}

describe('submitting detected runs', () => {
  it('queues the readable, skips the unfit, waits for the missing, and says which', async () => {
    files.set(1, readable(1)).set(2, { kind: 'unfit', reason: 'HDF4.' })
    expect((await outcomesOf(await post(detected([1, 2, 3])))).map(({ outcome }) => outcome)).toEqual([
      'queued',
      'skipped',
      'waiting',
    ])
    const states = await schema.database.rows(
      z.object({ run_number: z.number(), state: z.string() }),
      'SELECT run_number, state FROM detections ORDER BY run_number',
    )
    expect(states.map(({ state }) => state)).toEqual(['submitted', 'submitted', 'waiting'])
    expect(rung).toBe(1)
  })

  it('records a run once, however often and however simultaneously it is handed over', async () => {
    for (let run = 1; run <= 40; run += 1) files.set(run, readable(run))
    const runs = [...files.keys()]
    await Promise.all(Array.from({ length: 6 }, () => post(detected(runs))))
    const again = await outcomesOf(await post(detected(runs)))
    expect(new Set(again.map(({ outcome }) => outcome))).toEqual(new Set(['already-there']))
    expect(await count('reductions')).toBe(40)
    expect(await count('reduction_runs')).toBe(40)
  })

  it('lets a run wait while the disk with its results does not answer, and never gives it up for that', async () => {
    files.set(1, readable(1))
    const outOfReach = 'The disk with the results of ENGINX does not answer (/r).'
    const looking = { ...parts.looking, versionsOnDisk: () => Promise.resolve({ outOfReach }) }
    parts = { ...parts, looking }
    expect(await outcomesOf(await post(detected([1])))).toEqual([
      { outcome: 'waiting', runNumber: 1, reason: outOfReach },
    ])
    await schema.database.change('UPDATE detections SET deadline_at = NOW(6) - INTERVAL 1 DAY')
    expect(await outcomesOf(await post(detected([1])))).toMatchObject([{ outcome: 'waiting' }])
    const [row] = await schema.database.rows(
      z.object({ state: z.string(), reason: z.string() }),
      'SELECT state, reason FROM detections',
    )
    expect(row).toEqual({ state: 'waiting', reason: outOfReach })
    expect(await outcomesOf(await post(asked({ runs: [1], variables: { a: 1 } })))).toMatchObject([
      { outcome: 'refused', reason: `${outOfReach} Submit it again when it answers.` },
    ])
    parts = { ...parts, looking: { ...looking, versionsOnDisk: () => Promise.resolve(-1) } }
    expect(await outcomesOf(await post(detected([1])))).toMatchObject([{ outcome: 'queued' }])
  })

  it('tells live views of a waiting run once, not at every look', async () => {
    await post(detected([7]))
    await post(detected([7]))
    await post(detected([7]))
    expect(await count(`change_events WHERE kind = 'detection'`)).toBe(1)
  })

  it('gives a run up when its deadline has passed', async () => {
    await post(detected([7]))
    await schema.database.change('UPDATE detections SET deadline_at = NOW(6) - INTERVAL 1 HOUR')
    await post(detected([7]))
    const [row] = await schema.database.rows(z.object({ state: z.string() }), 'SELECT state FROM detections')
    expect(row?.state).toBe('given-up')
  })
})

describe('submitting on request', () => {
  it('makes a new version each time, also when two people ask at once', async () => {
    files.set(1, readable(1))
    await Promise.all(Array.from({ length: 5 }, () => post(asked({ runs: [1] }))))
    const versions = await schema.database.rows(
      z.object({ version: z.number() }),
      'SELECT version FROM reductions ORDER BY version',
    )
    expect(versions.map(({ version }) => version)).toEqual([0, 1, 2, 3, 4])
  })

  it('steps over versions that the predecessor left on disk', async () => {
    files.set(1, readable(1))
    parts = { ...parts, looking: { ...parts.looking, versionsOnDisk: () => Promise.resolve(3) } }
    expect(await outcomesOf(await post(asked({ runs: '1' })))).toMatchObject([{ outcome: 'queued', version: 4 }])
  })

  it('answers a repeated Idempotency-Key with the first answer, and refuses it for another request', async () => {
    files.set(1, readable(1))
    const first = await outcomesOf(await post(asked({ runs: [1] }), { 'idempotency-key': 'a' }))
    const second = await outcomesOf(await post(asked({ runs: [1] }), { 'idempotency-key': 'a' }))
    expect(second).toEqual(first)
    expect(await count('reductions')).toBe(1)
    expect((await post(asked({ runs: [2] }), { 'idempotency-key': 'a' })).status).toBe(409)
  })

  it('does the work once when the same keyed request comes many times at once', async () => {
    files.set(1, readable(1))
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => post(asked({ runs: [1] }), { 'idempotency-key': 'b' }).then(outcomesOf)),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await count('reductions')).toBe(1)
  })

  it('submits a thousand re-runs as bulk in one go', async () => {
    for (let run = 1; run <= 1_000; run += 1) files.set(run, readable(run))
    await outcomesOf(await post(detected([...files.keys()])))
    expect(
      (await outcomesOf(await post(asked({ runs: '1-1000' })))).filter(({ outcome }) => outcome === 'queued'),
    ).toHaveLength(1_000)
    expect(await count(`reductions WHERE class = 'bulk' AND version = 1`)).toBe(1_000)
  })

  it('refuses a run beyond the last one measured, and one with special wishes whose file is missing', async () => {
    await schema.database.change(
      `INSERT INTO detection_cursors (instrument, last_run, moved_at, looked_at) VALUES ('ENGINX', 10, NOW(6), NOW(6))`,
    )
    expect(await outcomesOf(await post(asked({ runs: [99] })))).toMatchObject([
      { outcome: 'refused', reason: expect.stringContaining('last run is 10') as string },
    ])
    expect(await outcomesOf(await post(asked({ runs: [9], script: 'def main(i, o): pass' })))).toMatchObject([
      { outcome: 'refused' },
    ])
    expect(await count('detections')).toBe(0)
  })

  it('refuses variables with names that nobody could read again, and queues nothing', async () => {
    files.set(1, readable(1))
    for (const name of ['', 'x'.repeat(256)]) {
      for (const variables of [{ [name]: 1 }, { standard_vars: { [name]: 1 } }]) {
        const answer = await post(asked({ runs: [1], variables }))
        expect(answer.status).toBe(400)
        expect(await answer.text()).toContain('1 to 255 characters')
      }
    }
    expect(await count('reductions')).toBe(0)
  })

  it('waits again for what was given up, when a person asks', async () => {
    await post(detected([7]))
    await schema.database.change(`UPDATE detections SET state = 'dismissed'`)
    expect(await outcomesOf(await post(asked({ runs: [7] })))).toMatchObject([{ outcome: 'waiting' }])
    const [row] = await schema.database.rows(z.object({ state: z.string() }), 'SELECT state FROM detections')
    expect(row?.state).toBe('waiting')
  })

  it('skips for an inactive instrument with its own sentence', async () => {
    files.set(1, readable(1))
    expect(await outcomesOf(await post(asked({ instrument: 'OLD', runs: [1] })))).toMatchObject([
      { outcome: 'skipped', reason: expect.stringContaining('not active') as string },
    ])
  })

  it.each([
    [{ instrument: 'ENGNX', runs: [1] }, 404, 'Did you mean ENGINX?'],
    [{ runs: '5-1' }, 400, 'runs backwards'],
    [{ runs: '7,7' }, 400, 'named twice'],
    [{ runs: [7, 7] }, 400, 'named twice'],
    [{ runs: '-' }, 400, 'not a run number'],
    [{ runs: '1-100000' }, 400, 'more than 5000'],
    [{ runs: [1], script: { from: 'reduction', reductionId: 12_345 } }, 400, 'no stored script'],
  ])('refuses %j as a whole', async (body, status, sentence) => {
    const response = await post(asked(body))
    expect(response.status).toBe(status)
    expect(((await response.json()) as { detail: string }).detail).toContain(sentence)
    expect(await count('reductions')).toBe(0)
  })
})

describe('the door', () => {
  it('turns away who has no key, and what is not JSON', async () => {
    expect((await post(detected([1]), { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await post('{')).status).toBe(400)
    expect((await post({ origin: 'detection' })).status).toBe(400)
  })

  it('gives each run what is configured for its experiment, or from the latest start run', async () => {
    const whole = (value: number) => ({ type: 'integer', value: String(value) }) as const
    const configure = (source: ConfigurationSource, values: Readonly<Record<string, number>>) =>
      addConfiguration(schema.database, 'ENGINX', {
        source,
        variables: Object.entries(values).map(([name, value]) => ({
          group: 'standard',
          name,
          value: whole(value),
          declaredType: 'integer',
        })),
        description: null,
        changedBy: 'Ada',
      })
    await configure({ kind: 'start-run', startRun: 5 }, { a: 5, b: 5 })
    await configure({ kind: 'start-run', startRun: 20 }, { a: 20 })
    await configure({ kind: 'start-run', startRun: 40 }, { a: 40 })
    await configure({ kind: 'experiment', rbNumber: 1_510_112 }, { b: 7 })
    for (const run of [4, 10, 25]) files.set(run, readable(run))
    files.set(26, readable(26, '1510112'))
    await post(detected([4, 10, 25, 26]))
    await post(asked({ runs: '25', variables: { a: 1 } }))
    const rows = await schema.database.rows(
      z.object({ target: z.string(), version: z.number(), given: z.string().nullable() }),
      `SELECT target, version, arguments AS given FROM reductions
       LEFT JOIN argument_sets ON argument_sets.sha256 = given_arguments_sha256 ORDER BY CAST(target AS UNSIGNED), version`,
    )
    const values = rows.map(({ target, version, given }) => [
      `${target}/${version}`,
      Object.fromEntries(
        givenArgumentsSchema
          .parse(JSON.parse(given ?? '[]'))
          .map(({ name, typed, plain, from }) => [
            name,
            `${typed?.type === 'integer' ? typed.value : String(plain)} ${from?.kind ?? 'given'}`,
          ]),
      ),
    ])
    expect(values).toEqual([
      ['4/0', {}],
      ['10/0', { a: '5 start-run', b: '5 start-run' }],
      ['25/0', { a: '20 start-run' }],
      ['25/1', { a: '1 given' }],
      ['26/0', { a: '20 start-run', b: '7 experiment' }],
    ])
  })
})
