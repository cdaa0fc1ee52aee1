import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { submitRequestSchema } from '#contracts/submission.ts'
import { insertInstruments } from '../../tests/support/seed-archive.ts'
import { startApi, type TestApi } from './an-api.fixture.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
  await insertInstruments(api.database, ['ENGINX', 'MARI'])
})
afterAll(() => api.close())

const outcomes = [
  { outcome: 'queued', runNumber: 5, reductionId: 12, version: 1 },
  { outcome: 'refused', runNumber: 6, reason: 'There is no file.' },
]
beforeEach(() => {
  api.gateway.asked.length = 0
  api.gateway.state.answer = () => Response.json({ outcomes })
})

const problem = (status: number, detail: string) =>
  new Response(JSON.stringify({ type: 'about:blank', title: 'No', status, detail }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })

describe('POST submissions', () => {
  it('hands on what is asked for, with the internal key, and relays the outcomes', async () => {
    const body = {
      instrument: ' enginx ',
      runs: '5-6',
      variables: { standard_vars: { unit: 'dSpacing', 'UB Matrix': [[1, 0]] } },
      description: 'again',
      software: { name: 'Mantid', version: '6.13' },
      script: { from: 'reduction', reductionId: 4 },
    }
    const { status, json } = await api.send('POST', 'submissions', body, { 'idempotency-key': 'abc-1' })
    expect(status).toBe(200)
    expect(json).toEqual({ outcomes })
    const [asked, ...more] = api.gateway.asked
    expect(more).toEqual([])
    expect(asked?.path).toBe('/function/submit')
    expect(asked?.headers.get('authorization')).toBe('Bearer the-key')
    expect(asked?.headers.get('idempotency-key')).toBe('abc-1')
    const request = {
      ...body,
      instrument: 'ENGINX',
      runs: [5, 6],
      origin: 'request',
      requestedBy: 'anyone on this machine',
    }
    expect(asked?.body).toEqual(request)
    expect(submitRequestSchema.parse(asked?.body)).toEqual(request)
  })

  it.each([
    [
      [7, 9],
      [7, 9],
    ],
    [7, [7]],
    ['1, 4-6', [1, 4, 5, 6]],
    [' 299080 ', [299080]],
  ])('takes runs as %j', async (runs, expected) => {
    expect((await api.send('POST', 'submissions', { instrument: 'MARI', runs })).status).toBe(200)
    expect(api.gateway.asked[0]?.body).toMatchObject({ runs: expected })
  })

  const runsExpected =
    '“runs” is not understood. Expected is a list of run numbers such as [1, 2], one number, or text such as "1-5, 7"; a run number is a whole number from 1 to 999999999.'
  it.each([
    [{ instrument: 'MARI', runs: '5-1' }, 400, 'The range “5-1” runs backwards. Write 1-5.'],
    [{ instrument: 'MARI', runs: '7,7' }, 400, 'Run 7 is named twice.'],
    [{ instrument: 'MARI', runs: [7, 7] }, 400, 'Run 7 is named twice.'],
    [{ instrument: 'MARI', runs: '-' }, 400, '“-” is not a run number or a range. Write them like 1-5, 7.'],
    [{ instrument: 'MARI', runs: ' ' }, 400, 'No run numbers are given. Write them like 1-5, 7.'],
    [{ instrument: 'MARI', runs: '1-9999' }, 400, 'That is more than 5000 runs. Ask for them in several parts.'],
    [{ instrument: 'MARI', runs: [] }, 400, runsExpected],
    [{ instrument: 'MARI', runs: [1.5] }, 400, runsExpected.replace('“runs”', '“runs”')],
    [{ instrument: 'MARI', runs: -4 }, 400, runsExpected],
    [{ instrument: 'MARI' }, 400, /^“runs” is missing: a list of run numbers such as/],
    [{ runs: '1' }, 400, '“instrument” is missing: the name of an instrument, such as "ENGINX".'],
    [{ instrument: 'ENGNX', runs: '1' }, 404, 'There is no instrument ENGNX. Did you mean ENGINX?'],
    [{ instrument: '../etc', runs: '1' }, 404, /^There is no instrument \.\.\/etc\./],
    [
      { instrument: 'MARI', runs: '1', varaibles: {} },
      400,
      'There is no field “varaibles” here. Did you mean “variables”? There are: instrument, runs, variables, script, software, description, batch.',
    ],
    [
      { instrument: 'MARI', runs: '1', script: { from: 'moon' } },
      400,
      /^“script” is not understood\. Expected is the text/,
    ],
    [
      { instrument: 'MARI', runs: '1', software: 'Mantid' },
      400,
      /^“software” is not understood\. Expected is an object/,
    ],
    [{ instrument: 'MARI', runs: '1', variables: [1] }, 400, /^“variables” is not understood\. Expected is an object/],
    [[], 400, /^The body must be a JSON object/],
    ['null', 400, /^The body must be a JSON object/],
    ['', 400, /^The body is missing\. Send a JSON object/],
    ['{"instrument": "MARI" "runs": 1}', 400, /^The body is not JSON: .*line 1 column 23/],
  ])('says of %j what is wrong, and submits nothing', async (body, status, detail) => {
    const answer = await api.send('POST', 'submissions', body)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer).toMatchObject({ status, json: { status } })
    expect((answer.json as { detail: string }).detail).toMatch(detail)
    expect(api.gateway.asked).toEqual([])
  })

  it('refuses a key that cannot be one', async () => {
    const answer = await api.send('POST', 'submissions', { instrument: 'MARI', runs: 1 }, { 'idempotency-key': 'a b' })
    expect(answer).toMatchObject({
      status: 400,
      json: { detail: '“idempotency-key” is not understood: an Idempotency-Key is 1 to 128 visible ASCII characters.' },
    })
  })

  it.each([400, 404, 409])('relays the sentence of a refusal (%i)', async (status) => {
    api.gateway.state.answer = () => problem(status, 'The script has no variable “unti”.')
    expect(await api.send('POST', 'submissions', { instrument: 'MARI', runs: 1 })).toMatchObject({
      status,
      json: { status, detail: 'The script has no variable “unti”.' },
    })
  })

  it.each([401, 500, 502, 503, 504])('does not relay trouble between functions (%i)', async (status) => {
    api.gateway.state.answer = () => problem(status, 'secret innards')
    const answer = await api.send('POST', 'submissions', { instrument: 'MARI', runs: 1 })
    expect(answer).toMatchObject({ status: 503, json: { status: 503 } })
    expect(JSON.stringify(answer.json)).not.toContain('innards')
  })
})

describe('changes asked for by other sites', () => {
  const body = { instrument: 'MARI', runs: 1 }
  const send = (headers: Record<string, string>, text = JSON.stringify(body)) =>
    api.app.request('/v1/submissions', { method: 'POST', body: text, headers })
  const json = { 'content-type': 'application/json' }

  it.each([
    { origin: 'http://evil.example', host: 'localhost:8080' },
    { origin: 'http://localhost:9999', host: 'localhost:8080' },
    { origin: 'null', host: 'localhost:8080' },
    { origin: 'http://evil.example', host: 'localhost:8080', 'x-forwarded-host': 'data.example' },
    { host: 'localhost:8080', 'sec-fetch-site': 'cross-site' },
  ])('are refused: %o', async (headers) => {
    const answer = await send({ ...json, ...(headers as unknown as Record<string, string>) })
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ title: 'Not allowed from there' })
    expect(api.gateway.asked).toEqual([])
  })

  it.each([
    { origin: 'http://localhost:8080', host: 'localhost:8080' },
    { origin: 'http://127.0.0.1:8080', host: '127.0.0.1:3456', 'x-forwarded-host': '127.0.0.1:8080' },
    { origin: 'https://data.example', host: '127.0.0.1:8080', 'x-forwarded-host': 'data.example, 127.0.0.1:8080' },
    { origin: 'https://data.example', host: 'data.example:443', 'sec-fetch-site': 'same-origin' },
    { host: 'localhost:8080' },
  ])('are taken from the portal and from scripts: %o', async (headers) => {
    expect((await send({ ...json, ...(headers as unknown as Record<string, string>) })).status).toBe(200)
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
  ])('are refused as %s, which a form can send', async (contentType) => {
    const answer = await send({ 'content-type': contentType })
    expect(answer.status).toBe(415)
    expect(((await answer.json()) as { detail: string }).detail).toContain("-H 'Content-Type: application/json'")
    expect(api.gateway.asked).toEqual([])
  })

  it('get no permission to read either', async () => {
    const answer = await api.app.request('/v1/runs', { headers: { origin: 'http://evil.example' } })
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    const preflight = await api.app.request('/v1/submissions', {
      method: 'OPTIONS',
      headers: { origin: 'http://evil.example' },
    })
    expect(preflight.status).toBe(405)
    expect([...preflight.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})
