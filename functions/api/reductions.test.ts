import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { filesSchema, instrumentVariablesSchema, reductionSchema, scriptSchema } from '#contracts/api.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import type { Variable, VariableValue } from '#domain/variables.ts'
import { storeArguments } from '#database/queries/argument-sets.ts'
import { storeScript, storeScriptVariables } from '#database/queries/scripts.ts'
import { insertInstruments, insertRows } from '../../tests/support/seed-archive.ts'
import { startApi, type TestApi } from './an-api.fixture.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
  await insertInstruments(api.database, ['ENGINX', 'MARI', 'WISH'])
})
afterAll(() => api.close())

const text = (value: string): VariableValue => ({ type: 'string', value })
const whole = (value: number): VariableValue => ({ type: 'integer', value: String(value) })
const declared: readonly Variable[] = [
  { group: 'standard', name: 'unit', value: text('TOF'), help: 'The axis.' },
  { group: 'standard', name: 'vanadium', value: whole(1) },
  { group: 'advanced', name: 'scale', value: { type: 'float', value: '1.0' } },
]
const base64 = (content: string) => Buffer.from(content).toString('base64')
const script = [
  { name: 'reduce.py', base64: base64('def main(input_file, output_dir): pass\n') },
  { name: 'reduce_vars.py', base64: base64('standard_vars = {}\n') },
  { name: 'old.py', base64: Buffer.from([0xff, 0xfe, 0x41]).toString('base64') },
]
let sha256: string

const insertRun = async (runNumber: number, instrument = 'MARI'): Promise<number> => {
  const { insertedId } = await api.database.change(
    `INSERT INTO runs (instrument, run_number, title, rb_number, rb_text, started_at, good_frames, proton_charge, file_path)
     VALUES (?, ?, 'Steel', 1920234, '1920234', '2026-05-01 10:00:00.123456', 12, 3.5, ?)`,
    [instrument, runNumber, `${api.archiveRoot}/NDX${instrument}/Instrument/data/cycle_24_3/MAR${runNumber}.nxs`],
  )
  return insertedId
}

type Also = Readonly<Record<string, string | number | Date | null>>
const insertReduction = async (runId: number, target: string, version: number, state: string, also: Also = {}) => {
  const columns = ['instrument', 'target', 'version', 'state', 'class', 'rb_number', 'started_by', ...Object.keys(also)]
  const values = ['MARI', target, version, state, 'rerun', 1920234, 'Ada', ...Object.values(also)]
  const { insertedId } = await api.database.change(`INSERT INTO reductions (${columns.join(', ')}) VALUES ?`, [
    [values],
  ])
  await api.database.change('INSERT INTO reduction_runs (reduction_id, run_id) VALUES (?, ?)', [insertedId, runId])
  await api.database.change('UPDATE runs SET latest_reduction_id = ?, latest_state = ? WHERE id = ?', [
    insertedId,
    state,
    runId,
  ])
  return insertedId
}

beforeEach(async () => {
  sha256 = await storeScript(api.database, script)
  await storeScriptVariables(api.database, sha256, { variables: declared })
})
afterEach(async () => {
  for (const table of ['reductions', 'reduction_runs', 'runs', 'script_variables', 'scripts', 'outputs']) {
    await api.database.change(`DELETE FROM ${table}`)
  }
  await api.database.change('UPDATE instruments SET is_paused = FALSE')
})

const reductionAt = async (id: number) => {
  const { status, json } = await api.get(`reductions/${id}`)
  expect(status).toBe(200)
  return reductionSchema.strict().parse(json)
}

describe('GET reductions/{id}', () => {
  it('tells all that its page shows', async () => {
    const runId = await insertRun(100)
    const first = await insertReduction(runId, '100', 0, 'Error', { reason: 'KeyError: unit' })
    const recorded = await storeArguments(api.database, [
      { group: 'standard', name: 'unit', value: text('dSpacing') },
      { group: 'standard', name: 'vanadium', value: whole(1) },
    ])
    const resultsPath = `${api.resultsRoot}/MARI/RBNumber/RB1920234/autoreduced/100/run-version-1`
    const id = await insertReduction(runId, '100', 1, 'Completed', {
      script_sha256: sha256,
      arguments_sha256: recorded,
      software_name: 'Mantid',
      software_version: '6.13',
      description: 'once more',
      submitted_at: new Date('2026-05-01T10:00:00.500Z'),
      started_at: new Date('2026-05-01T10:00:01Z'),
      finished_at: new Date('2026-05-01T10:00:43Z'),
      script_seconds: 41.5,
      results_path: resultsPath,
    })
    const before = await insertReduction(await insertRun(90), '90', 0, 'Completed')
    const after = await insertReduction(await insertRun(101), '101', 0, 'Skipped')
    await insertRun(102)

    expect(await reductionAt(id)).toMatchObject({
      id,
      instrument: 'MARI',
      version: 1,
      state: 'Completed',
      reason: null,
      class: 'rerun',
      place: null,
      rbNumber: 1920234,
      startedBy: 'Ada',
      description: 'once more',
      software: { name: 'Mantid', version: '6.13' },
      scriptSha256: sha256,
      variables: [
        { group: 'standard', name: 'unit', value: text('dSpacing'), default: text('TOF'), help: 'The axis.' },
        { group: 'standard', name: 'vanadium', value: whole(1) },
      ],
      submittedAt: '2026-05-01T10:00:00.500Z',
      startedAt: '2026-05-01T10:00:01.000Z',
      finishedAt: '2026-05-01T10:00:43.000Z',
      durationSeconds: 41.5,
      typicalSeconds: 41.5,
      resultsPath,
      resultsPathWindows: '\\\\isis\\results\\MARI\\RBNumber\\RB1920234\\autoreduced\\100\\run-version-1',
      dataPaths: [
        {
          linux: `${api.archiveRoot}/NDXMARI/Instrument/data/cycle_24_3/MAR100.nxs`,
          windows: '\\\\isis\\inst$\\NDXMARI\\Instrument\\data\\cycle_24_3\\MAR100.nxs',
        },
      ],
      versions: [
        { id, version: 1, state: 'Completed', submittedAt: '2026-05-01T10:00:00.500Z' },
        { id: first, version: 0, state: 'Error' },
      ],
      previousRun: { runNumber: 90, reductionId: before },
      nextRun: { runNumber: 101, reductionId: after },
      runs: [{ runNumber: 100, title: 'Steel', startedAt: '2026-05-01T10:00:00.123Z', latest: { id, version: 1 } }],
    })
    expect((await reductionAt(id)).variables[1]).not.toHaveProperty('default')
    expect(await reductionAt(first)).toMatchObject({ state: 'Error', reason: 'KeyError: unit', variables: [] })
  })

  it('shows what a queued one will get: the script’s own values with the given ones over them', async () => {
    const given: GivenArguments = [
      { name: 'scale', plain: 2 },
      { group: 'standard', name: 'unit', typed: text('dSpacing') },
    ]
    const id = await insertReduction(await insertRun(100), '100', 0, 'Queued', {
      script_sha256: sha256,
      given_arguments_sha256: await storeArguments(api.database, given),
    })
    expect((await reductionAt(id)).variables).toEqual([
      {
        group: 'standard',
        name: 'unit',
        value: text('dSpacing'),
        default: text('TOF'),
        help: 'The axis.',
        from: { kind: 'submission' },
      },
      { group: 'standard', name: 'vanadium', value: whole(1) },
      {
        group: 'advanced',
        name: 'scale',
        value: { type: 'float', value: '2.0' },
        default: { type: 'float', value: '1.0' },
        from: { kind: 'submission' },
      },
    ])
  })

  it('shows given values alone while nobody knows the script’s own', async () => {
    await api.database.change('DELETE FROM script_variables')
    const id = await insertReduction(await insertRun(100), '100', 0, 'Queued', {
      script_sha256: sha256,
      given_arguments_sha256: await storeArguments(api.database, [{ name: 'scale', plain: 2 }]),
    })
    expect((await reductionAt(id)).variables).toEqual([
      { group: 'standard', name: 'scale', value: whole(2), from: { kind: 'submission' } },
    ])
  })

  it('estimates the place in line, and none while the instrument is paused', async () => {
    const insert = async (run: number, at: string, rank: string) => {
      const id = await insertReduction(await insertRun(run), String(run), 0, 'Queued', { queued_at: new Date(at) })
      await api.database.change('UPDATE reductions SET class = ? WHERE id = ?', [rank, id])
      return id
    }
    const third = await insert(1, '2026-05-01T10:00:02Z', 'rerun')
    const second = await insert(2, '2026-05-01T10:00:01Z', 'rerun')
    const first = await insert(3, '2026-05-01T10:00:03Z', 'fresh')
    const last = await insert(4, '2026-05-01T09:00:00Z', 'bulk')
    const places = await Promise.all([first, second, third, last].map(async (id) => (await reductionAt(id)).place))
    expect(places).toEqual([1, 2, 3, 4])
    await api.database.change(`UPDATE instruments SET is_paused = TRUE WHERE name = 'MARI'`)
    expect((await reductionAt(first)).place).toBeNull()
  })

  it.each([
    [
      'reductions/99',
      404,
      "There is no reduction 99. The number of a run's newest reduction is in “latest.id” of GET runs.",
    ],
    ['reductions/-1', 400, '“-1” is not the number of a reduction. It is a whole number such as 42.'],
    ['reductions/abc', 400, '“abc” is not the number of a reduction. It is a whole number such as 42.'],
    ['reductions/1e3', 400, '“1e3” is not the number of a reduction. It is a whole number such as 42.'],
    [
      'reductions/99/files',
      404,
      "There is no reduction 99. The number of a run's newest reduction is in “latest.id” of GET runs.",
    ],
    [
      'reductions/99/script',
      404,
      "There is no reduction 99. The number of a run's newest reduction is in “latest.id” of GET runs.",
    ],
    [
      'reductions/99/log',
      404,
      "There is no reduction 99. The number of a run's newest reduction is in “latest.id” of GET runs.",
    ],
    [
      'reductions/99/files/a.png',
      404,
      "There is no reduction 99. The number of a run's newest reduction is in “latest.id” of GET runs.",
    ],
    ['reductions/x/files/a.png', 400, '“x” is not the number of a reduction. It is a whole number such as 42.'],
  ])('says of %s what is wrong', async (path, status, detail) => {
    expect(await api.get(path)).toMatchObject({ status, json: { status, detail } })
  })
})

describe('GET reductions/{id}/script', () => {
  it('gives its files, in the order in which they matter, and no text where it is not UTF-8', async () => {
    const id = await insertReduction(await insertRun(100), '100', 0, 'Queued', { script_sha256: sha256 })
    const { status, json, headers } = await api.get(`reductions/${id}/script`)
    expect(status).toBe(200)
    expect(scriptSchema.parse(json)).toEqual({
      sha256,
      files: [
        { name: 'reduce.py', text: 'def main(input_file, output_dir): pass\n' },
        { name: 'reduce_vars.py', text: 'standard_vars = {}\n' },
        { name: 'old.py', text: null },
      ],
    })
    const again = await api.app.request(`/v1/reductions/${id}/script`, {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
  })

  it('says why there is none', async () => {
    const id = await insertReduction(await insertRun(100), '100', 0, 'Skipped', { reason: 'MARI has no script.' })
    expect(await api.get(`reductions/${id}/script`)).toMatchObject({
      status: 404,
      json: { detail: `Reduction ${id} has no script: MARI has no script.` },
    })
  })
})

describe('GET instruments/{name}/variables', () => {
  const folder = 'NDXMARI/user/scripts/autoreduction'
  const current = async (content = 'import reduce_vars as web_var\ndef main(a, b): pass\n') => {
    await api.write(api.archiveRoot, `${folder}/reduce.py`, content)
    await api.write(
      api.archiveRoot,
      `${folder}/reduce_vars.py`,
      `standard_vars = {'unit': 'TOF'}  # ${content.length}\n`,
    )
  }
  const variablesOf = async (path = 'instruments/mari/variables') => {
    const { status, json } = await api.get(path)
    expect(status).toBe(200)
    return instrumentVariablesSchema.parse(json)
  }
  beforeEach(async () => {
    api.gateway.asked.length = 0
    await current()
  })

  it('has a processor read the current script, once', async () => {
    api.gateway.state.answer = ({ body }) => {
      expect(body).toEqual({ scriptSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string })
      return Response.json({ variables: declared })
    }
    const read = await variablesOf()
    expect(read).toMatchObject({ variables: declared, fault: null })
    expect(api.gateway.asked).toMatchObject([
      { path: '/function/process/read-variables', body: { scriptSha256: read.scriptSha256 } },
    ])
    // The processor keeps what it reads.
    await storeScriptVariables(api.database, read.scriptSha256 ?? '', { variables: declared })
    expect(await variablesOf()).toEqual(read)
    expect(api.gateway.asked).toHaveLength(1)
  })

  it('asks anew when the script has changed', async () => {
    api.gateway.state.answer = () => Response.json({ variables: declared })
    const before = await variablesOf()
    await current('import reduce_vars\ndef main(a, b): return None\n')
    const now = await variablesOf()
    expect(now.scriptSha256).not.toBe(before.scriptSha256)
    expect(api.gateway.asked).toHaveLength(2)
  })

  it('says why the script gives none', async () => {
    api.gateway.state.answer = () => Response.json({ fault: 'reduce_vars.py: line 3: invalid syntax.' })
    expect(await variablesOf()).toMatchObject({ variables: [], fault: 'reduce_vars.py: line 3: invalid syntax.' })
  })

  it('shows the newest known ones with the reason where no processor answers', async () => {
    api.gateway.state.answer = () => new Response('no endpoints', { status: 503 })
    await insertReduction(await insertRun(100), '100', 0, 'Completed', {
      script_sha256: sha256,
      finished_at: new Date(),
    })
    expect(await variablesOf()).toEqual({
      scriptSha256: sha256,
      variables: declared,
      fault:
        'No processor could read the variables of the current script just now. Try again in a minute. What is shown are the variables of the newest script that could be read.',
    })
  })

  it('starts from an earlier reduction’s values, as far as the current script has them', async () => {
    api.gateway.state.answer = () => Response.json({ variables: declared.slice(0, 2) })
    const id = await insertReduction(await insertRun(100), '100', 0, 'Completed', {
      script_sha256: sha256,
      arguments_sha256: await storeArguments(api.database, [
        { group: 'standard', name: 'unit', value: text('dSpacing') },
        { group: 'standard', name: 'vanadium', value: whole(1) },
        { group: 'advanced', name: 'scale', value: { type: 'float', value: '3.5' } },
      ]),
    })
    expect(await variablesOf(`instruments/MARI/variables?reductionId=${id}`)).toMatchObject({
      variables: [
        { name: 'unit', value: text('dSpacing'), default: text('TOF'), help: 'The axis.' },
        { name: 'vanadium', value: whole(1) },
      ],
      fault: null,
      leftOut: ['scale'],
    })
    expect((await api.get('instruments/MARI/variables?reductionId=999')).status).toBe(404)
  })

  it('says that there is no script, and of which instrument there is none', async () => {
    expect(await variablesOf('instruments/WISH/variables')).toMatchObject({
      scriptSha256: null,
      variables: [],
      fault: expect.stringContaining('WISH has no reduction script') as string,
    })
    expect(await api.get('instruments/MARY/variables')).toMatchObject({
      status: 404,
      json: { detail: 'There is no instrument MARY. Did you mean MARI?' },
    })
  })
})

describe('GET reductions/{id}/files', () => {
  it('lists the files once all are in place', async () => {
    const resultsPath = `${api.resultsRoot}/MARI/RBNumber/RB1920234/autoreduced/100/run-version-0`
    const id = await insertReduction(await insertRun(100), '100', 0, 'Processing', { results_path: resultsPath })
    await insertRows(
      api.database,
      'outputs',
      ['reduction_id', 'path', 'size_bytes', 'media_type', 'plot'],
      [
        [id, 'MARI100.png', 3, 'image/png', 'image'],
        [id, 'MARI100.json', 3, 'application/json', 'plotly'],
        [id, 'reduction_log/Script.out', 3, 'text/plain', null],
      ],
    )
    expect((await api.get(`reductions/${id}/files`)).json).toEqual({ items: [] })
    await api.database.change(`UPDATE reductions SET state = 'Completed' WHERE id = ?`, [id])
    const { items } = filesSchema.parse((await api.get(`reductions/${id}/files`)).json)
    expect(items).toEqual([
      { path: 'MARI100.json', sizeBytes: 3, mediaType: 'application/json', plot: 'plotly' },
      { path: 'MARI100.png', sizeBytes: 3, mediaType: 'image/png', plot: 'image' },
      { path: 'reduction_log/Script.out', sizeBytes: 3, mediaType: 'text/plain', plot: null },
    ])
  })
})
