import { rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { reproductionSchema } from '#contracts/reproduction.ts'
import { submitRequestSchema } from '#contracts/submission.ts'
import { everyone } from '#contracts/viewer.ts'
import { storeArguments } from '#database/queries/argument-sets.ts'
import { beatProcessor } from '#database/queries/processors.ts'
import type { Provenance } from '#results/provenance.ts'
import { insertInstruments } from '../../tests/support/seed-archive.ts'
import { queueRuns } from './a-line.fixture.ts'
import { startApi, type TestApi } from './an-api.fixture.ts'

let api: TestApi
let raw: string
let id: number
let results: string
const python = { name: 'Python', version: '3' }

beforeAll(async () => {
  api = await startApi()
  await insertInstruments(api.database, ['MARI'])
})
afterAll(() => api.close())

const recordOf = (more: Partial<Provenance> = {}): Provenance => ({
  reduction: {
    id,
    fence: 1,
    instrument: 'MARI',
    target: '5',
    version: 0,
    rbNumber: 1_920_234,
    runNumbers: [5],
    startedBy: 'Ada',
    description: null,
  },
  outcome: { state: 'Completed', reason: null },
  script: { sha256: 'a'.repeat(64), files: [] },
  variables: [],
  unrecordedVariables: [],
  chosenVariables: [],
  configuredButLeftOut: [],
  variableFiles: [],
  software: { ...python, interpreter: '/usr/bin/python3', modules: { numpy: '2.1.0' } },
  inputs: [],
  host: { name: 'node-1', system: 'Linux', processor: 'p' },
  limits: { wallSeconds: 1, outputBytes: 1, logBytes: 1 },
  isolation: 'none',
  timings: {
    submittedAt: '2026-11-22T10:00:00Z',
    claimedAt: '2026-11-22T10:00:00Z',
    scriptStartedAt: '2026-11-22T10:00:00Z',
    scriptEndedAt: '2026-11-22T10:00:00Z',
    scriptSeconds: 0,
    cpuSeconds: null,
  },
  peakMemoryBytes: null,
  ...more,
})
const writeRecord = async (more: Partial<Provenance> = {}): Promise<void> => {
  const { size, mtime } = await stat(raw)
  const record = recordOf({ inputs: [{ path: raw, sizeBytes: size, modifiedAt: mtime.toISOString() }], ...more })
  await writeFile(join(results, 'provenance.json'), JSON.stringify(record))
}

beforeEach(async () => {
  raw = await api.write(api.archiveRoot, 'NDXMARI/Instrument/data/cycle_24_3/MAR5.nxs', 'raw data')
  const [queued = 0] = await queueRuns(api, { runs: [5], filePath: raw })
  id = queued
  results = join(api.resultsRoot, 'MARI/RBNumber/RB1920234/autoreduced/5/run-version-0')
  await api.write(results, 'provenance.json', '')
  await writeRecord()
  const variables = [
    { group: 'standard', name: 'unit', value: { type: 'string', value: 'dSpacing' } },
    { group: 'advanced', name: 'scale', value: { type: 'float', value: '2.0' } },
  ] as const
  await api.database.change(
    `UPDATE reductions SET state = 'Completed', started_at = UTC_TIMESTAMP(6), finished_at = UTC_TIMESTAMP(6), results_path = ?,
       arguments_sha256 = ? WHERE id = ?`,
    [results, await storeArguments(api.database, variables), id],
  )
  await beatProcessor(api.database, { id: 'p1', host: 'node-1', slots: 2, environments: [python] })
  api.gateway.asked.length = 0
  api.gateway.state.answer = () =>
    Response.json({ outcomes: [{ outcome: 'queued', runNumber: 5, reductionId: 99, version: 1 }] })
})
afterEach(async () => {
  for (const table of ['reductions', 'reduction_runs', 'runs', 'processors']) {
    await api.database.change(`DELETE FROM ${table}`)
  }
  await rm(api.resultsRoot, { recursive: true, force: true })
  api.state.viewer = everyone
})

const look = async () => {
  const { status, json } = await api.get(`reductions/${id}/reproduction`)
  expect(status, JSON.stringify(json)).toBe(200)
  return reproductionSchema.strict().parse(json)
}
const reproduce = (body?: unknown, headers: Record<string, string> = {}) =>
  api.send('POST', `reductions/${id}/reproduce`, body, headers)
const requested = () => {
  expect(api.gateway.asked).toHaveLength(1)
  return submitRequestSchema.parse(api.gateway.asked[0]?.body)
}

describe('reproducing a reduction', () => {
  it('tells what is held fixed and what only the run will show, and changes nothing', async () => {
    expect(await look()).toEqual({
      reductionId: id,
      version: 0,
      refusal: null,
      held: [
        { what: 'script', value: expect.stringMatching(/^[0-9a-f]{7}, with the neighbours it imported$/) },
        { what: 'variables', value: 'all 2, as the script got them' },
        { what: 'software', value: 'Python 3' },
        { what: 'raw file', value: expect.stringContaining(`${raw}, 8 bytes of `) },
      ],
      notHeld: [{ what: 'modules', then: 'numpy 2.1.0', now: null }],
      software: python,
      softwareChoices: [],
    })
    expect(api.gateway.asked).toEqual([])
  })

  it('submits the stored script, the variables with their types, the software and what the raw file was', async () => {
    expect(await reproduce(undefined, { 'idempotency-key': 'k1' })).toMatchObject({
      status: 200,
      json: { outcomes: [{ outcome: 'queued', reductionId: 99 }] },
    })
    expect(api.gateway.asked[0]?.headers.get('idempotency-key')).toBe('k1')
    expect(requested()).toMatchObject({
      origin: 'request',
      instrument: 'MARI',
      runs: [5],
      requestedBy: everyone.name,
      script: { from: 'reduction', reductionId: id },
      variables: {
        standard_vars: { unit: { typed: { type: 'string', value: 'dSpacing' } } },
        advanced_vars: { scale: { typed: { type: 'float', value: '2.0' } } },
      },
      software: python,
      description: 'Repeats version 0 exactly.',
      reproduces: {
        reductionId: id,
        version: 0,
        resultsPath: results,
        inputs: [{ path: raw, sizeBytes: 8 }],
        notHeld: [{ what: 'modules' }],
      },
    })
  })

  it.each([
    ['another size', () => writeFile(raw, 'raw data, more'), 'has changed since: then 8 bytes of '],
    ['another time', () => utimes(raw, 1, 1), 'now 8 bytes of 1970-01-01T00:00:01.000Z.'],
    ['nothing', () => rm(raw), 'The raw file of run 5 is not there any more ('],
  ])('is refused where the raw file is of %s', async (_what, change, sentence) => {
    await change()
    const { refusal } = await look()
    expect(refusal).toContain(sentence)
    expect(refusal).toContain('So this cannot be repeated exactly. Re-run it instead.')
    expect(await reproduce()).toMatchObject({ status: 409, json: { detail: refusal } })
    expect(api.gateway.asked).toEqual([])
  })

  it('where the software has gone says what there is, and takes one of these when it is named', async () => {
    const newer = { name: 'Python', version: '3.13' }
    await api.database.change('DELETE FROM processors')
    await beatProcessor(api.database, { id: 'p2', host: 'node-2', slots: 2, environments: [newer] })
    const told = await look()
    expect(told).toMatchObject({ refusal: null, software: null, softwareChoices: [newer] })
    expect(told.held.map(({ what }) => what)).toEqual(['script', 'variables', 'raw file'])
    expect(told.notHeld.slice(0, 1)).toEqual([
      { what: 'software', then: 'Python 3', now: 'not there any more; there is: Python 3.13' },
    ])
    expect(await reproduce()).toMatchObject({
      status: 409,
      json: {
        detail:
          'Python 3 is not there any more, so this cannot be repeated exactly. Name one of these as “software” to repeat all the rest: Python 3.13.',
      },
    })
    expect((await reproduce({ software: newer })).status).toBe(200)
    expect(requested()).toMatchObject({
      software: newer,
      reproduces: { notHeld: [{ what: 'software', then: 'Python 3', now: 'Python 3.13' }, { what: 'host' }, {}] },
    })
  })

  it('names a variable that could not be recorded, another host, and that the record itself has gone', async () => {
    await writeRecord({
      unrecordedVariables: [{ variable: 'mask', fault: 'a set' }],
      host: { name: 'node-9', system: 'Linux', processor: 'p' },
    })
    expect((await look()).notHeld).toEqual([
      { what: 'variable mask', then: 'could not be recorded: a set', now: 'what the script itself says' },
      { what: 'host', then: 'node-9', now: 'one of node-1' },
      { what: 'modules', then: 'numpy 2.1.0', now: null },
    ])
    await rm(join(results, 'provenance.json'))
    // What was known when it was submitted is another size than the file has.
    expect(await look()).toMatchObject({
      refusal: expect.stringContaining('then 1 bytes of 1970-01-01'),
      notHeld: [{ what: 'software' }, { what: 'record' }],
    })
  })

  it('is refused where nothing ran, where it has not ended, and for what nobody may see', async () => {
    await api.database.change(`UPDATE reductions SET state = 'Skipped', started_at = NULL WHERE id = ?`, [id])
    expect(await reproduce()).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('No script ran in this reduction') },
    })
    await api.database.change(`UPDATE reductions SET state = 'Queued' WHERE id = ?`, [id])
    expect((await look()).refusal).toContain('It has not ended yet')
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1_000_001] }
    expect((await reproduce()).status).toBe(404)
    expect(await api.get(`reductions/${id}/reproduction`)).toMatchObject({ status: 404 })
  })
})
