import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { growingLog } from '#results/test-support.ts'
import { scriptLogName, stagingLog } from '#results/result-paths.ts'
import { insertInstruments, insertRows } from '../../tests/support/seed-archive.ts'
import { listen, startApi, type TestApi } from './an-api.fixture.ts'
import { askResults } from './results-reading.ts'

const place = 'MARI/RBNumber/RB1920234/autoreduced/100/run-version-0'
const large = randomBytes(5_000_000)
/** What fits into the buffers between server and reader has left the server before the reader has seen any of it. */
const moreThanSocketsHold = 100_000_000
const plotName = 'MARI 100 über"50%#?.png'
const files: readonly (readonly [path: string, mediaType: string, content: string | Uint8Array])[] = [
  [plotName, 'image/png', 'PNG'],
  ['plot.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ['page.html', 'text/html', '<script>alert(1)</script>'],
  ['deep/er/data.nxs', 'application/x-hdf5', large],
  ['figure.json', 'application/json', '{"data":[]}'],
  ['notes.txt', 'text/plain; charset=utf-8', 'µ'],
  ['strange', 'text/html\r\nset-cookie: a=b', 'x'],
  ['empty.dat', 'text/plain', ''],
]

let api: TestApi
let server: Awaited<ReturnType<typeof listen>>
let id: number

const insertReduction = async (state: string, also: Readonly<Record<string, string | number | null>> = {}) => {
  const { insertedId } = await api.database.change(
    `INSERT INTO reductions (instrument, target, version, state, class, rb_number, started_by, ${['fence', ...Object.keys(also)].join(', ')}) VALUES ?`,
    [[['MARI', '100', Math.floor(Math.random() * 1e6), state, 'fresh', 1920234, 'Ada', 3, ...Object.values(also)]]],
  )
  return insertedId
}

beforeAll(async () => {
  api = await startApi()
  server = await listen((request) => api.app.fetch(request))
  await insertInstruments(api.database, ['MARI'])
  id = await insertReduction('Completed', { results_path: join(api.resultsRoot, place) })
  for (const [path, , content] of files) await api.write(api.resultsRoot, `${place}/${path}`, content)
  await insertRows(
    api.database,
    'outputs',
    ['reduction_id', 'path', 'size_bytes', 'media_type'],
    [
      ...files,
      ['link.txt', 'text/plain', ''] as const,
      ['pipe', 'text/plain', ''] as const,
      ['gone.txt', 'text/plain', ''] as const,
    ].map(([path, mediaType, content]) => [id, path, content.length, mediaType]),
  )
  await api.write(api.resultsRoot, 'secret.txt', 'secret')
  await api.write(api.resultsRoot, `${place}/unlisted.txt`, 'unlisted')
  await symlink(join(api.resultsRoot, 'secret.txt'), join(api.resultsRoot, place, 'link.txt'))
  await promisify(execFile)('mkfifo', [join(api.resultsRoot, place, 'pipe')])
})
afterAll(async () => {
  server.close()
  await api.close()
})

const urlOf = (path: string) =>
  `${server.url}/v1/reductions/${id}/files/${path.split('/').map(encodeURIComponent).join('/')}`
const fetchFile = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(urlOf(path), { headers, method })

/** A request as nobody's client library would tidy it. */
const rawRequest = (target: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    })
    let text = ''
    socket.on('data', (part) => (text += part.toString('latin1')))
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })

describe('a file of a reduction', () => {
  it.each(files.filter(([path]) => path !== 'empty.dat'))('%s is given as it is', async (path, _type, content) => {
    const answer = await fetchFile(path)
    expect(answer.status).toBe(200)
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(content))).toBe(true)
    expect(answer.headers.get('content-length')).toBe(String(Buffer.byteLength(content)))
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('content-security-policy')).toMatch(/^sandbox;/)
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  it('is shown in place only where it can do no harm', async () => {
    const headersOf = async (path: string) => {
      const { headers } = await fetchFile(path, {}, 'HEAD')
      return [headers.get('content-type'), headers.get('content-disposition')?.split(';')[0]]
    }
    expect(await headersOf(plotName)).toEqual(['image/png', 'inline'])
    expect(await headersOf('figure.json')).toEqual(['application/json', 'inline'])
    expect(await headersOf('notes.txt')).toEqual(['text/plain; charset=utf-8', 'inline'])
    expect(await headersOf('plot.svg')).toEqual(['image/svg+xml', 'attachment'])
    expect(await headersOf('page.html')).toEqual(['text/html; charset=utf-8', 'attachment'])
    expect(await headersOf('strange')).toEqual(['application/octet-stream', 'attachment'])
    expect(await headersOf('deep/er/data.nxs')).toEqual(['application/x-hdf5', 'attachment'])
  })

  it('is saved under its own name, whatever is in it', async () => {
    const { headers } = await fetchFile(plotName, {}, 'HEAD')
    expect(headers.get('content-disposition')).toBe(
      `inline; filename="MARI 100 _ber_50_#?.png"; filename*=UTF-8''MARI%20100%20%C3%BCber%2250%25%23%3F.png`,
    )
  })

  it.each([
    ['bytes=0-3', 0, 3],
    ['bytes=100-4999999', 100, 4_999_999],
    ['bytes=4999990-', 4_999_990, 4_999_999],
    ['bytes=-7', 4_999_993, 4_999_999],
    ['bytes=1048570-2097160', 1_048_570, 2_097_160],
    ['bytes=10-99999999', 10, 4_999_999],
  ])('is given in parts (%s)', async (range, first, last) => {
    const answer = await fetchFile('deep/er/data.nxs', { range })
    expect(answer.status).toBe(206)
    expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/5000000`)
    expect(Buffer.from(await answer.arrayBuffer()).equals(large.subarray(first, last + 1))).toBe(true)
  })

  it.each(['bytes=5000000-', 'bytes=-0'])('has no part %s', async (range) => {
    const answer = await fetchFile('deep/er/data.nxs', { range })
    expect(answer.status).toBe(416)
    expect(answer.headers.get('content-range')).toBe('bytes */5000000')
  })

  it.each(['bytes=5-2', 'bytes=0-1,3-4', 'lines=1-2', 'nonsense', 'bytes=-'])(
    'is given whole for %s',
    async (range) => {
      const answer = await fetchFile('figure.json', { range })
      expect(answer.status).toBe(200)
      expect(await answer.json()).toEqual({ data: [] })
    },
  )

  it('is not sent again to who has it, and not in parts to who has another', async () => {
    const tag = (await fetchFile('figure.json', {}, 'HEAD')).headers.get('etag') ?? ''
    expect((await fetchFile('figure.json', { 'if-none-match': tag })).status).toBe(304)
    expect((await fetchFile('figure.json', { range: 'bytes=0-1', 'if-range': tag })).status).toBe(206)
    expect((await fetchFile('figure.json', { range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200)
    await utimes(join(api.resultsRoot, place, 'figure.json'), 1, 1)
    expect((await fetchFile('figure.json', { 'if-none-match': tag })).status).toBe(200)
  })

  it('may be empty', async () => {
    const answer = await fetchFile('empty.dat')
    expect([answer.status, await answer.text(), answer.headers.get('content-length')]).toEqual([200, '', '0'])
  })

  it('is not cut off in silence when it changes meanwhile', async () => {
    const path = join(api.resultsRoot, place, 'deep/er/data.nxs')
    await truncate(path, moreThanSocketsHold)
    const answer = await fetchFile('deep/er/data.nxs')
    const reader = answer.body?.getReader()
    await reader?.read()
    await truncate(path, 4_000_000)
    const rest = async () => {
      for (;;) {
        const part = await reader?.read()
        if (!part || part.done) return
      }
    }
    await expect(rest()).rejects.toThrow()
    await writeFile(path, large)
  })
})

describe('what is no file of a reduction', () => {
  it.each(['unlisted.txt', 'plot.SVG', 'nothing.png', 'deep', 'deep/er', 'Deep/er/data.nxs'])(
    '%s is not given out',
    async (path) => {
      const answer = await fetchFile(path)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toMatchObject({
        detail: `Reduction ${id} has no file “${path}”. GET reductions/${id}/files lists those it has.`,
      })
    },
  )

  it('is not given out although it was recorded', async () => {
    expect(await (await fetchFile('link.txt')).json()).toMatchObject({
      status: 404,
      detail: 'The file “link.txt” cannot be given out. It is a link.',
    })
    expect(await (await fetchFile('pipe')).json()).toMatchObject({ status: 404 })
    expect(await (await fetchFile('gone.txt')).json()).toMatchObject({
      status: 404,
      detail: 'The file “gone.txt” was written, and is not on the disk any more.',
    })
  })

  it.each([
    '../../../../../../secret.txt',
    '..%2f..%2f..%2f..%2f..%2f..%2fsecret.txt',
    '%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/secret.txt',
    'deep/../../../../../../../secret.txt',
    'deep%2fer%2fdata.nxs',
    '/etc/passwd',
    '//etc/passwd',
    '%00',
    'a%',
    '%ff',
    '..\\..\\secret.txt',
  ])('does not lead out of it: %s', async (path) => {
    const answer = await rawRequest(`/v1/reductions/${id}/files/${path}`)
    expect(answer).toMatch(/^HTTP\/1\.1 40[045] /)
    expect(answer).not.toContain('root:')
    expect(answer).not.toMatch(/\r\n\r\nsecret/)
  })

  it('is looked for only below the results root', async () => {
    const outside = await insertReduction('Completed', { results_path: '/etc' })
    await insertRows(
      api.database,
      'outputs',
      ['reduction_id', 'path', 'size_bytes', 'media_type'],
      [[outside, 'hostname', 1, 'text/plain']],
    )
    const answer = await api.get(`reductions/${outside}/files/hostname`)
    expect(answer).toMatchObject({
      status: 404,
      json: { detail: expect.stringContaining('cannot be given out') as string },
    })
  })
})

describe('GET reductions/{id}/zip', () => {
  const zipOf = (reduction: number, query = '', method = 'GET') =>
    fetch(`${server.url}/v1/reductions/${reduction}/zip${query}`, { method })
  const contentsOf = `
import sys, json, io, zipfile
with zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read())) as archive:
    assert archive.testzip() is None
    print(json.dumps({info.filename: info.file_size for info in archive.infolist()}))
`
  const unzip = async (answer: Response): Promise<Record<string, number>> => {
    const running = promisify(execFile)('python3', ['-c', contentsOf])
    running.child.stdin?.end(Buffer.from(await answer.arrayBuffer()))
    return JSON.parse((await running).stdout) as Record<string, number>
  }
  let whole: number
  const results = 'MARI/RBNumber/RB1920234/autoreduced/300/run-version-0'
  const contents: readonly (readonly [string, string | Uint8Array])[] = [
    ['a b.png', 'PNG'],
    ['deep/er/data.nxs', large],
    ['empty.dat', ''],
    ['two\nlines µ.txt', 'µ'],
  ]

  beforeAll(async () => {
    whole = await insertReduction('Completed', { results_path: join(api.resultsRoot, results) })
    for (const [path, content] of contents) await api.write(api.resultsRoot, `${results}/${path}`, content)
    await insertRows(
      api.database,
      'outputs',
      ['reduction_id', 'path', 'size_bytes', 'media_type'],
      contents.map(([path, content]) => [whole, path, Buffer.byteLength(content), 'x/y']),
    )
  })

  it('gives all files below one folder, and says beforehand how long it is', async () => {
    const answer = await zipOf(whole)
    const length = Number(answer.headers.get('content-length'))
    expect(answer.headers.get('content-type')).toBe('application/zip')
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="MARI_100_version_[0-9]+\.zip"/)
    const copy = await answer.clone().arrayBuffer()
    expect(copy.byteLength).toBe(length)
    const names = Object.entries(await unzip(answer))
    expect(names.map(([name, size]) => [name.replace(/^MARI_100_version_[0-9]+\//, ''), size])).toEqual(
      contents.map(([path, content]) => [path, Buffer.byteLength(content)]),
    )
    const head = await zipOf(whole, '', 'HEAD')
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(length)])
  })

  it('gives those that are chosen', async () => {
    const names = async (query: string) =>
      Object.keys(await unzip(await zipOf(whole, query))).map((name) => name.replace(/^[^/]*\//, ''))
    expect(await names('?path=empty.dat&path=a%20b.png')).toEqual(['a b.png', 'empty.dat'])
    expect(await names('?files=3-4')).toEqual(['empty.dat', 'two\nlines µ.txt'])
  })

  it('breaks off where a file changes meanwhile, so that nobody takes it for whole', async () => {
    const path = join(api.resultsRoot, results, 'deep/er/data.nxs')
    await truncate(path, moreThanSocketsHold)
    const answer = await zipOf(whole)
    const reader = answer.body?.getReader()
    for (let read = 0; read < 1_000_000;) read += (await reader?.read())?.value?.length ?? Infinity
    await truncate(path, 4_000_000)
    const rest = async () => {
      for (;;) {
        const part = await reader?.read()
        if (!part || part.done) return
      }
    }
    await expect(rest()).rejects.toThrow()
    await writeFile(path, large)
  })

  it('refuses in words', async () => {
    const detailOf = async (answer: Response) => ((await answer.json()) as { detail: string }).detail
    expect(await detailOf(await zipOf(whole, '?path=none'))).toBe(
      `There is no file “none” among them. GET reductions/${whole}/files lists them.`,
    )
    expect(await detailOf(await zipOf(whole, '?files=9'))).toMatch(/“9” names none of the 4 files/)
    expect(await detailOf(await zipOf(id))).toMatch(/is not on the disk any more/)
    const running = await insertReduction('Processing')
    expect(await detailOf(await zipOf(running))).toBe(`Reduction ${running} has no files (yet).`)
    expect((await zipOf(999_999)).status).toBe(404)
  })
})

describe('GET reductions/{id}/log', () => {
  const logOf = async (reduction: number, query = '', method = 'GET') => {
    const answer = await fetch(`${server.url}/v1/reductions/${reduction}/log${query}`, { method })
    const number = (name: string) => Number(answer.headers.get(name))
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      text: await answer.text(),
      size: number('x-log-size'),
      offset: number('x-log-offset'),
      next: number('x-log-next'),
      isComplete: answer.headers.get('x-log-complete'),
    }
  }

  it('follows a script while it prints, to the end', async () => {
    const reduction = await insertReduction('Processing')
    expect(await logOf(reduction)).toMatchObject({ status: 200, text: '', size: 0, isComplete: 'false' })

    const staged = stagingLog(api.resultsRoot, { instrument: 'MARI', reductionId: reduction, fence: 3 })
    await api.write(api.resultsRoot, 'MARI/.staging/.keep', '')
    const writer = await growingLog(staged, { headBytes: 1_000, tailBytes: 1_000 })
    await writer.write('50 µA·h\n')
    expect(await logOf(reduction)).toEqual({
      status: 200,
      type: 'text/plain; charset=utf-8',
      text: '50 µA·h\n',
      size: 10,
      offset: 0,
      next: 10,
      isComplete: 'false',
    })
    await writer.write('done\n')
    expect(await logOf(reduction, '?offset=10')).toMatchObject({ text: 'done\n', size: 15, offset: 10, next: 15 })
    expect(await logOf(reduction, '?offset=15')).toMatchObject({ text: '', size: 15, offset: 15, next: 15 })
    expect(await logOf(reduction, '?offset=-5')).toMatchObject({ text: 'done\n', offset: 10 })
    expect(await logOf(reduction, '', 'HEAD')).toMatchObject({ status: 200, text: '', size: 15 })
    await writer.finish([])

    const results = 'MARI/RBNumber/RB1920234/autoreduced/100/run-version-7'
    await api.write(
      api.resultsRoot,
      `${results}/${scriptLogName({ rbNumber: 1920234, target: '100' })}`,
      '50 µA·h\ndone\nend\n',
    )
    await api.database.change(`UPDATE reductions SET state = 'Completed', results_path = ? WHERE id = ?`, [
      join(api.resultsRoot, results),
      reduction,
    ])
    expect(await logOf(reduction, '?offset=15')).toMatchObject({
      text: 'end\n',
      size: 19,
      next: 19,
      isComplete: 'true',
    })
  })

  it('is cut between characters, so that each piece can be read by itself', async () => {
    const reduction = await insertReduction('Processing')
    const staged = stagingLog(api.resultsRoot, { instrument: 'MARI', reductionId: reduction, fence: 3 })
    await api.write(api.resultsRoot, 'MARI/.staging/.keep', '')
    const text = 'aµ€😀z'.repeat(20)
    const writer = await growingLog(staged, { headBytes: 10_000, tailBytes: 1_000 })
    await writer.write(text)
    await writer.finish([])
    for (const limit of [4, 5, 7, 100]) {
      let together = ''
      for (let offset = 0; ;) {
        const piece = await logOf(reduction, `?offset=${offset}&limit=${limit}`)
        together += piece.text
        if (piece.next === offset) break
        offset = piece.next
      }
      expect(together).toBe(text)
    }
    expect((await logOf(reduction, '?offset=-3')).text).toBe('z')
  })

  it('of a reduction that was given up is what its last processor had written down', async () => {
    const reduction = await insertReduction('Error')
    await api.write(api.resultsRoot, `MARI/.staging/${reduction}-3.log`, 'last words')
    expect(await logOf(reduction)).toMatchObject({ status: 200, text: 'last words', isComplete: 'true' })
  })

  it('of a reduction that never ran is empty and complete', async () => {
    expect(await logOf(await insertReduction('Skipped'))).toMatchObject({ status: 200, text: '', isComplete: 'true' })
    expect(await logOf(await insertReduction('Queued'))).toMatchObject({ status: 200, text: '', isComplete: 'false' })
  })

  it.each([
    ['?offset=abc', '“offset” must be a whole number; “abc” is none.'],
    ['?limit=0', '“limit” must be a whole number from 1 to 4194304; “0” is none.'],
    ['?tail=5', 'There is no parameter “tail” here. There are: offset, limit.'],
  ])('says of %s what is wrong', async (query, detail) => {
    expect(await api.get(`reductions/${id}/log${query}`)).toMatchObject({ status: 400, json: { detail } })
  })
})

describe('a results disk that does not answer', () => {
  it('is told of, and holds up nothing else', async () => {
    const hung = { kind: 'hung' as const, place: 'x', since: new Date(), reason: 'It hangs.' }
    const ask = vi.fn(() => Promise.resolve(hung))
    expect(await askResults('MARI', ask)).toEqual({
      kind: 'out-of-reach',
      detail: 'The disk with the results of MARI does not answer. Try again in a minute; nothing is lost.',
    })
    expect(ask).toHaveBeenCalledWith('the results of MARI')
  })
})
