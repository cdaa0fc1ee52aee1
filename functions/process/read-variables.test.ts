import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '#database/connection.ts'
import { findScriptVariables, storeScript } from '#database/queries/scripts.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { testProcessor } from './test-processor.ts'
import { scriptFiles } from './test-support.ts'

let schema: FreshSchema
let database: Database

beforeAll(async () => {
  schema = await freshSchema()
  database = schema.database
})
afterAll(() => schema.drop())

const store = (files: Readonly<Record<string, string>>): Promise<string> => storeScript(database, scriptFiles(files))

test('the variables of a stored script are answered with their types and kept', async () => {
  const one = await testProcessor(database)
  const scriptSha256 = await store({
    'reduce.py': '',
    'reduce_vars.py': 'from neighbour import limit\nstandard_vars = {"limit": limit}',
    'neighbour.py': 'limit = 2.5',
  })
  const variables = [{ group: 'standard', name: 'limit', value: { type: 'float', value: '2.5' } }]
  expect(await one.post('/read-variables', { scriptSha256 })).toEqual({ status: 200, body: { variables } })
  expect(await findScriptVariables(database, scriptSha256)).toEqual({ variables })
})

test('a file that cannot be read is answered, and kept, in words', async () => {
  const one = await testProcessor(database)
  const scriptSha256 = await store({ 'reduce.py': '', 'reduce_vars.py': 'standard_vars = {"gain": float("nan")}' })
  const { status, body } = await one.post('/read-variables', { scriptSha256 })
  expect([status, body]).toEqual([200, { fault: expect.stringMatching(/^“gain” is NaN/) }])
  expect(await findScriptVariables(database, scriptSha256)).toEqual(body)
})

test('as much as may be is kept, and more is refused', async () => {
  const one = await testProcessor(database)
  const of = (length: number): Promise<string> =>
    store({ 'reduce.py': '', 'reduce_vars.py': `standard_vars = {"n": 1, "mask": '"' * ${length}, "m": 2}` })
  const fits = await of(4_000_000)
  expect((await one.post('/read-variables', { scriptSha256: fits })).status).toBe(200)
  const kept = await findScriptVariables(database, fits)
  expect(kept && 'variables' in kept && kept.variables.map(({ name }) => name)).toEqual(['n', 'mask', 'm'])
  expect(await one.post('/read-variables', { scriptSha256: await of(20_000_000) })).toEqual({
    status: 200,
    body: { fault: expect.stringMatching(/^“mask” is too large \(38\.1 MB\): all variables together may have 8 MB/) },
  })
})

test('one that hangs, crashes or ends its process is told so', async () => {
  const sources: readonly (readonly [string, string, string])[] = [
    ['while True: pass', 'still running after 0.5 s', '0.5'],
    ['import os; os._exit(0)', 'ended its own process with status 0', '60'],
    ['import os; os.abort()', 'crashed in native code (aborted)', '60'],
  ]
  for (const [source, sentence, seconds] of sources) {
    const one = await testProcessor(database, { settings: { read_variables_seconds: seconds } })
    const scriptSha256 = await store({ 'reduce.py': '', 'reduce_vars.py': source })
    expect(await one.post('/read-variables', { scriptSha256 })).toEqual({
      status: 200,
      body: { fault: expect.stringContaining(sentence) },
    })
  }
})

test('it is for our own functions only', async () => {
  const one = await testProcessor(database)
  const scriptSha256 = 'a'.repeat(64)
  expect((await one.post('/read-variables', { scriptSha256 }, 'wrong')).status).toBe(401)
  expect((await one.post('/read-variables', { scriptSha256: 'x' })).status).toBe(400)
  expect((await one.post('/read-variables', { scriptSha256 })).status).toBe(404)
  expect((await one.post('/read-variables', { scriptSha256, software: { name: 'Mantid', version: '6' } })).status).toBe(
    404,
  )
})

test('software that this machine lacks is no fault of the file: nothing is kept', async () => {
  const one = await testProcessor(database)
  const scriptSha256 = await store({ 'reduce.py': '# other', 'reduce_vars.py': 'standard_vars = {}' })
  const software = { name: 'Mantid', version: '6.13' }
  expect((await one.post('/read-variables', { scriptSha256, software })).status).toBe(503)
  expect(await findScriptVariables(database, scriptSha256)).toBeUndefined()
})
