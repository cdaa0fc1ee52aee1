import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Comparison } from '#contracts/comparison.ts'
import { storeArguments } from '#database/queries/argument-sets.ts'
import { storeScript } from '#database/queries/scripts.ts'
import type { VariableValue } from '#domain/variables.ts'
import { provenanceSchema } from '#results/provenance.ts'
import { insertInstruments, insertRows } from '../../../tests/support/seed-archive.ts'
import { startApi, type TestApi } from '../an-api.fixture.ts'

let api: TestApi
const ids: number[] = []
const base64 = (text: string): string => Buffer.from(text).toString('base64')
const integer = (value: string): VariableValue => ({ type: 'integer', value })

/** A reduction with all that is known of one; `version` makes it differ from the others. */
const insertReduction = async (version: number, hasProvenance: boolean): Promise<number> => {
  const path = `MARI/RBNumber/RB1920234/autoreduced/123/run-version-${version}`
  const sha256 = await storeScript(api.database, [
    { name: 'reduce.py', base64: base64(`def main(input_file, output_dir):\n    print(${version})\n`) },
    { name: 'reduce_vars.py', base64: base64('standard_vars = {}\n') },
  ])
  const variables = [{ group: 'standard' as const, name: 'bins', value: integer(String(version)) }]
  const { insertedId } = await api.database.change(
    `INSERT INTO reductions (instrument, target, version, state, class, rb_number, started_by, fence, results_path, script_sha256,
       arguments_sha256, started_at, finished_at, script_seconds) VALUES ?`,
    [
      [
        [
          ...['MARI', '123', version, 'Completed', 'fresh', 1920234, 'Ada', 1, join(api.resultsRoot, path), sha256],
          await storeArguments(api.database, variables),
          ...['2026-11-22 10:00:00', '2026-11-22 10:01:00', 60 + version],
        ],
      ],
    ],
  )
  const files = [`MARI123_bank.png`, `only_${version}.txt`]
  await insertRows(
    api.database,
    'outputs',
    ['reduction_id', 'path', 'size_bytes', 'media_type', 'plot'],
    files.map((file) => [insertedId, file, 10, 'image/png', file.endsWith('.png') ? 'image' : null]),
  )
  if (!hasProvenance) return insertedId
  const provenance = provenanceSchema.parse({
    reduction: {
      ...{ id: insertedId, fence: 1, instrument: 'MARI', target: '123', version, rbNumber: 1920234 },
      ...{ runNumbers: [123], startedBy: 'Ada', description: null },
    },
    outcome: { state: 'Completed', reason: null },
    script: { sha256, files: [] },
    variables,
    unrecordedVariables: [],
    software: { name: 'Python', version: '3', interpreter: '/usr/bin/python3', modules: { numpy: `2.${version}` } },
    inputs: [{ path: '/isis/MARI00123.nxs', sizeBytes: 5 + version, modifiedAt: '2026-11-22T09:00:00.000Z' }],
    host: { name: 'here', system: 'Linux', processor: 'p' },
    limits: { wallSeconds: 3600, outputBytes: 1, logBytes: 1 },
    isolation: 'namespaces',
    timings: {
      ...{ submittedAt: '2026-11-22T09:59:00.000Z', claimedAt: '2026-11-22T10:00:00.000Z' },
      ...{ scriptStartedAt: '2026-11-22T10:00:00.000Z', scriptEndedAt: '2026-11-22T10:01:00.000Z' },
      ...{ scriptSeconds: 60, cpuSeconds: 50 },
    },
    peakMemoryBytes: 1_000,
  })
  await api.write(api.resultsRoot, `${path}/provenance.json`, JSON.stringify(provenance))
  return insertedId
}

beforeAll(async () => {
  api = await startApi()
  await insertInstruments(api.database, ['MARI'])
  ids.push(await insertReduction(0, true), await insertReduction(1, true), await insertReduction(2, false))
})
afterAll(() => api.close())

const compare = async (left: number | undefined, right: number | undefined): Promise<Comparison> => {
  const { status, json } = await api.get(`comparisons?left=${left}&right=${right}`)
  expect(status).toBe(200)
  return json
}

describe('GET comparisons', () => {
  it('says what differs between two versions', async () => {
    const comparison = await compare(ids[0], ids[1])
    expect(comparison.notes).toEqual([])
    expect([comparison.left.version, comparison.right.version]).toEqual([0, 1])
    expect(comparison.variables).toEqual([
      { group: 'standard', name: 'bins', change: 'changed', left: integer('0'), right: integer('1') },
    ])
    expect(comparison.script.isSame).toBe(false)
    expect(comparison.script.files.map(({ name, change }) => [name, change])).toEqual([
      ['reduce.py', 'changed'],
      ['reduce_vars.py', 'same'],
    ])
    expect(comparison.script.files[0]?.hunks[0]?.lines).toEqual([
      { left: 1, right: 1, text: 'def main(input_file, output_dir):' },
      { left: 2, right: null, text: '    print(0)' },
      { left: null, right: 2, text: '    print(1)' },
    ])
    expect(comparison.modules).toEqual([{ name: 'numpy', change: 'changed', left: '2.0', right: '2.1' }])
    expect(comparison.inputs).toMatchObject([{ change: 'changed', left: { sizeBytes: 5 }, right: { sizeBytes: 6 } }])
    expect(comparison.limits).toEqual({
      left: { wallSeconds: 3600, outputBytes: 1, logBytes: 1 },
      right: { wallSeconds: 3600, outputBytes: 1, logBytes: 1 },
    })
    expect(comparison.host.left).toEqual({ name: 'here', system: 'Linux', isolation: 'namespaces' })
    expect(comparison.timings.right).toMatchObject({ scriptSeconds: 61, cpuSeconds: 50, peakMemoryBytes: 1_000 })
    expect(comparison.outputs.map(({ name, change }) => [name, change])).toEqual(
      [
        ['only_0.txt', 'removed'],
        ['only_1.txt', 'added'],
        ['MARI123_bank.png', 'same-size'],
      ].toSorted(),
    )
  })

  it('says nothing of what is not known, and why it is not', async () => {
    const comparison = await compare(ids[0], ids[2])
    expect(comparison.notes).toEqual([`Reduction ${ids[2]} has no provenance.json among its results.`])
    expect(comparison.limits.right).toBeNull()
    expect(comparison.modules).toEqual([])
    expect(comparison.timings.right).toMatchObject({ scriptSeconds: 62, cpuSeconds: null })
    expect(comparison.variables[0]?.change).toBe('changed')
  })

  it('of one with itself shows no difference', async () => {
    const comparison = await compare(ids[1], ids[1])
    expect(comparison.variables.every(({ change }) => change === 'same')).toBe(true)
    expect(comparison.script.isSame).toBe(true)
    expect(comparison.inputs.map(({ change }) => change)).toEqual(['same'])
  })

  it('refuses in words', async () => {
    expect(await api.get('comparisons?left=1')).toMatchObject({
      status: 400,
      json: { detail: 'Two reductions are compared: GET comparisons?left=41&right=42.' },
    })
    expect(await api.get(`comparisons?left=${ids[0]}&right=99999`)).toMatchObject({
      status: 404,
      json: { detail: expect.stringMatching(/^There is no reduction 99999\./) as string },
    })
    expect(await api.get('comparisons?left=a&right=2')).toMatchObject({ status: 400 })
  })
})

describe('GET reductions/{id}/provenance', () => {
  it('says what ran', async () => {
    expect(await api.get(`reductions/${ids[0]}/provenance`)).toMatchObject({
      status: 200,
      json: { software: { modules: { numpy: '2.0' } }, isolation: 'namespaces' },
    })
  })

  it('says why it cannot', async () => {
    expect(await api.get(`reductions/${ids[2]}/provenance`)).toMatchObject({
      status: 404,
      json: { detail: `Reduction ${ids[2]} has no provenance.json among its results.` },
    })
    expect(await api.get('reductions/99999/provenance')).toMatchObject({ status: 404 })
  })
})
