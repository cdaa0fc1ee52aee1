import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Database } from '#database/connection.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { fetchText, type FetchRules } from './fetch-text.ts'
import { originsSetting } from './settings.ts'
import {
  outputPaths,
  queueReduction,
  readProvenance,
  readScriptLog,
  reductionRow,
  testProcessor,
} from './test-processor.ts'

let schema: FreshSchema
let database: Database
beforeAll(async () => {
  schema = await freshSchema()
  database = schema.database
  await database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('WISH', TRUE, NOW(6), NOW(6))`,
  )
})
afterAll(() => schema.drop())

/** A server on loopback; the paths that were asked for. */
const serve = async (answer: RequestListener) => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
const rulesFor = (...origins: string[]): FetchRules => ({ origins, sizeBytes: 1000, limitMs: 20_000 })
const never = new AbortController().signal

describe('the text at an address', () => {
  test('comes with its hash, through redirects that stay where files may come from', async () => {
    const { origin, asked } = await serve((request, response) => {
      if (request.url === '/old') response.writeHead(302, { location: '/new.txt' }).end()
      else response.end('offset µ = 1\n')
    })
    expect(await fetchText(`${origin}/old`, rulesFor(origin), never)).toEqual({
      text: 'offset µ = 1\n',
      sizeBytes: 14,
      sha256: createHash('sha256').update('offset µ = 1\n').digest('hex'),
    })
    expect(asked).toEqual(['/old', '/new.txt'])
  })

  test('is not asked for where files may not come from, nor followed there', async () => {
    const other = await serve((_, response) => response.end('secret'))
    const { origin } = await serve((_, response) => response.writeHead(302, { location: `${other.origin}/x` }).end())
    expect(await fetchText(`${other.origin}/x`, rulesFor(origin), never)).toEqual({
      fault: expect.stringContaining(`${other.origin} is not among the places that files may come from (${origin})`),
    })
    expect(await fetchText(`${origin}/x`, rulesFor(origin), never)).toEqual({
      fault: expect.stringContaining(`sends us on, and ${other.origin} is not among the places`),
    })
    expect(other.asked).toEqual([])
    for (const address of ['file:///etc/passwd', 'no address', origin.replace('http://', 'http://user:word@')]) {
      expect(await fetchText(address, rulesFor(origin), never)).toHaveProperty('fault')
    }
  })

  test('is cut off where it is too large, whatever its header says, and refused where it is no text', async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === '/latin') response.end(Buffer.from('\xe5', 'latin1'))
      else for (let part = 0; part < 100; part += 1) response.write('x'.repeat(100))
      response.end()
    })
    expect(await fetchText(`${origin}/large`, rulesFor(origin), never)).toEqual({
      fault: expect.stringContaining('it is larger than'),
    })
    expect(await fetchText(`${origin}/latin`, rulesFor(origin), never)).toEqual({ fault: 'it is not text in UTF-8' })
  })

  test('is asked for again where a server is in trouble, and not where it says there is none', async () => {
    let calls = 0
    const { origin, asked } = await serve((request, response) => {
      calls += 1
      if (request.url === '/none') response.writeHead(404).end()
      else if (calls === 1) response.writeHead(503).end()
      else if (calls === 2) response.destroy()
      else response.end('there')
    })
    expect(await fetchText(`${origin}/later`, rulesFor(origin), never)).toMatchObject({ text: 'there' })
    expect(asked).toHaveLength(3)
    expect(await fetchText(`${origin}/none`, rulesFor(origin), never)).toEqual({
      fault: expect.stringContaining('there is no such file at 127.0.0.1'),
    })
    expect(asked).toHaveLength(4)
  })

  test('is given up where a server hangs, or goes round in circles', async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === '/circle') response.writeHead(301, { location: '/circle' }).end()
      else response.write('a')
    })
    expect(await fetchText(`${origin}/hangs`, { ...rulesFor(origin), limitMs: 300 }, never)).toEqual({
      fault: expect.stringContaining('did not send it within 0.3 s'),
    })
    expect(await fetchText(`${origin}/circle`, rulesFor(origin), never)).toEqual({
      fault: expect.stringContaining('sends us on more than 5 times'),
    })
  })

  test('the places are hosts, or whole origins', () => {
    expect(originsSetting.parse('raw.githubusercontent.com, http://127.0.0.1:3000')).toEqual([
      'https://raw.githubusercontent.com',
      'http://127.0.0.1:3000',
    ])
    expect(originsSetting.safeParse('https://github.com/org').success).toBe(false)
  })
})

describe('a reduction whose variables mean files', () => {
  const script = (url: string) => ({
    'reduce.py': `import reduce_vars
def main(input_file, output_dir):
    one = web_var.standard_vars['Mask File']
    assert reduce_vars.standard_vars['Mask File'] is one
    print(sorted(one), one['default'], repr(one['value']))
    open(output_dir + 'mask.txt', 'w').write(one['value'])`,
    'reduce_vars.py': `standard_vars = {'Mask File': {'url': '${url}/masks/', 'default': 'none.txt'}, 'other': {'url': 'x', 'default': 'y'}}`,
  })
  const chosen = (url: string) => ({
    type: 'mapping' as const,
    ordered: false,
    entries: [
      [
        { type: 'string' as const, value: 'url' },
        { type: 'string' as const, value: `${url}/masks/` },
      ],
      [
        { type: 'string' as const, value: 'default' },
        { type: 'string' as const, value: 'north.txt' },
      ],
    ] as const,
  })

  test('gets their text as value, and the record holds it with its hash', async () => {
    const { origin, asked } = await serve((_, response) => response.end('spectra 1-5\n'))
    const one = await testProcessor(database, { settings: { variable_file_hosts: origin } })
    const { id, run } = await queueReduction(database, script(origin), {
      given: [{ name: 'Mask File', typed: chosen(origin) }],
    })
    await one.ring()
    const row = await reductionRow(database, id)
    expect([row.state, row.reason]).toEqual(['Completed', null])
    expect(asked).toEqual(['/masks/north.txt'])
    expect(await readScriptLog(row.resultsPath ?? '', run)).toContain(
      "['default', 'url', 'value'] north.txt 'spectra 1-5\\n'",
    )
    expect(await outputPaths(database, id)).toContainEqual(['mask.txt', null])
    const provenance = await readProvenance(row.resultsPath ?? '')
    expect(provenance.variableFiles).toEqual([
      expect.objectContaining({
        variable: 'Mask File',
        address: `${origin}/masks/north.txt`,
        text: 'spectra 1-5\n',
        sizeBytes: 12,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      }),
    ])
    expect(provenance.chosenVariables).toEqual([{ name: 'Mask File', from: { kind: 'submission' } }])
    // What was chosen is recorded; the text is not the scientist's choice.
    expect(row.arguments).not.toContain('spectra')
    expect(row.arguments).toContain('north.txt')
  })

  test('ends in Error with the variable’s name where a file is not there, and the log says so', async () => {
    const { origin } = await serve((_, response) => response.writeHead(404).end())
    const one = await testProcessor(database, { settings: { variable_file_hosts: origin } })
    const { id, run } = await queueReduction(database, script(origin))
    await one.ring()
    const row = await reductionRow(database, id)
    expect([row.state, row.reason]).toEqual([
      'Error',
      expect.stringMatching(
        /^The file of the variable “Mask File” is not there: there is no such file at 127.*none\.txt\)\.$/,
      ),
    ])
    expect(await readScriptLog(row.resultsPath ?? '', run)).toContain('“Mask File”')
  })

  test('asks nobody where its host is not among those allowed', async () => {
    const { origin, asked } = await serve((_, response) => response.end('x'))
    const one = await testProcessor(database)
    const { id } = await queueReduction(database, script(origin))
    await one.ring()
    expect((await reductionRow(database, id)).reason).toContain('is not among the places that files may come from')
    expect(asked).toEqual([])
  })
})

describe('configured values that do not fit the script any more', () => {
  const from = { kind: 'start-run', startRun: 5 } as const
  const text = (value: string) => ({ type: 'string', value }) as const
  const notices = () =>
    database.rows(
      z.object({ message: z.string(), openKey: z.string().nullable() }),
      `SELECT message, open_key AS openKey FROM notices WHERE kind = 'configured-variables' ORDER BY id`,
    )

  test('are left out and told: in the log, the record and a notice that ends by itself', async () => {
    const one = await testProcessor(database)
    const given = [
      { group: 'standard', name: 'gone', typed: text('x'), declaredType: 'string', from },
      { group: 'standard', name: 'retyped', typed: text('x'), declaredType: 'string', from },
      { group: 'standard', name: 'moved', typed: text('kept'), declaredType: 'string', from },
      { group: 'standard', name: 'width', typed: { type: 'integer', value: '2' }, declaredType: 'integer', from },
    ] as const
    const files = {
      'reduce.py': 'def main(a, b): print(web_var.standard_vars, web_var.advanced_vars)',
      'reduce_vars.py': `standard_vars = {'retyped': [1], 'width': 0.5}\nadvanced_vars = {'moved': 'old'}`,
    }
    const { id, run } = await queueReduction(database, files, { given: [...given] })
    await one.ring()
    const row = await reductionRow(database, id)
    expect(row.state).toBe('Completed')
    const log = await readScriptLog(row.resultsPath ?? '', run)
    expect(log).toContain("{'retyped': [1], 'width': 2.0} {'moved': 'kept'}")
    expect(log).toContain(
      "“gone”, configured from run 5 on, was left out: it is not among the script's variables any more.",
    )
    const leftOut = [
      { name: 'gone', from, reason: "is not among the script's variables any more" },
      {
        name: 'retyped',
        from,
        reason: 'was text when it was configured and is a list in the script now, which text does not fit',
      },
    ]
    expect((await readProvenance(row.resultsPath ?? '')).configuredButLeftOut).toEqual(leftOut)
    const [stored] = await database.rows(
      z.object({ leftOut: z.string() }),
      'SELECT variables_left_out AS leftOut FROM reductions WHERE id = ?',
      [id],
    )
    expect(JSON.parse(stored?.leftOut ?? '')).toEqual(leftOut)
    expect(await notices()).toEqual([
      {
        openKey: 'configured-variables:WISH:run-5',
        message: expect.stringContaining(
          'What is configured from run 5 on does not fit the script of WISH any more: “gone”',
        ),
      },
    ])

    await queueReduction(database, files, { given: [given[2], given[3]] })
    await one.ring()
    expect((await notices()).map(({ openKey }) => openKey)).toEqual([null])
  })

  test('one that was given with the submission still stops the run', async () => {
    const one = await testProcessor(database)
    const { id } = await queueReduction(
      database,
      { 'reduce.py': 'def main(a, b): pass', 'reduce_vars.py': 'standard_vars = {}' },
      { given: [{ name: 'gone', plain: 1 }] },
    )
    await one.ring()
    expect(await reductionRow(database, id)).toMatchObject({
      state: 'Error',
      reason: expect.stringContaining('“gone”'),
    })
  })
})
