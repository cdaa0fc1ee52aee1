import fc from 'fast-check'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { ResultFile } from '#contracts/api.ts'
import { chooseFiles } from './choose-files.ts'
import { namesInZip } from './names-in-zip.ts'
import { zipBytes, zipStream, type ZipEntry } from './zip-stream.ts'

const entry = (name: string, bytes: Uint8Array, modifiedAtMs = Date.UTC(2026, 10, 22)): ZipEntry => ({
  name,
  sizeBytes: bytes.length,
  modifiedAtMs,
  open: () =>
    new ReadableStream({
      start: (controller) => {
        if (bytes.length > 0) controller.enqueue(bytes)
        controller.close()
      },
    }),
})

const listWithPython = `
import sys, json, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    print(json.dumps([[info.filename, info.file_size, list(info.date_time[:3])] for info in archive.infolist()]))
`

describe('a ZIP archive', () => {
  it('holds what it was given under the names it was given, as long as foretold', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'zip-'))
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), { maxLength: 6 }),
          fc.uint8Array({ maxLength: 3_000 }),
          async (paths, bytes) => {
            const names = namesInZip('MARI_100_version_0', paths)
            const entries = names.map((name) => entry(name, bytes))
            const archive = new Uint8Array(await new Response(zipStream(entries)).arrayBuffer())
            expect(BigInt(archive.length)).toBe(zipBytes(entries))
            const path = join(folder, 'a.zip')
            await writeFile(path, archive)
            const { stdout } = await promisify(execFile)('python3', ['-c', listWithPython, path])
            // Python ends a name at a NUL, which no name of a file has.
            expect(JSON.parse(stdout)).toEqual(
              names.map((name) => [name.replace(/\0.*/su, ''), bytes.length, [2026, 11, 22]]),
            )
          },
        ),
        { numRuns: 15 },
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('reads one file at a time, at its reader’s pace, and nothing once that has gone', async () => {
    const opened: string[] = []
    let chunks = 0
    const endless = (name: string): ZipEntry => ({
      name,
      sizeBytes: 2 ** 33,
      modifiedAtMs: 0,
      open: () => {
        opened.push(name)
        return new ReadableStream<Uint8Array>(
          {
            pull: (controller) => {
              chunks += 1
              controller.enqueue(new Uint8Array(1_000))
            },
          },
          { highWaterMark: 0 },
        )
      },
    })
    const reader = zipStream([endless('a'), endless('b')]).getReader()
    for (let count = 0; count < 10; count += 1) await reader.read()
    await reader.cancel()
    const before = chunks
    expect(before).toBeLessThanOrEqual(10)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect([chunks, opened]).toEqual([before, ['a']])
  })

  it('breaks off where a file cannot be read to its end', async () => {
    const broken: ZipEntry = {
      name: 'a',
      sizeBytes: 5,
      modifiedAtMs: 0,
      open: () => new ReadableStream({ pull: (controller) => controller.error(new Error('The file became another.')) }),
    }
    await expect(new Response(zipStream([broken])).arrayBuffer()).rejects.toThrow('The file became another.')
  })

  it('foretells also the length of what is larger than 4 GB', () => {
    // 65 more bytes than names and data: two headers, a descriptor with long sizes, the long form of the end.
    const small = zipBytes([{ ...entry('a', new Uint8Array()), sizeBytes: 10 }])
    const large = zipBytes([{ ...entry('a', new Uint8Array()), sizeBytes: 5 * 2 ** 30 }])
    expect(large - BigInt(5 * 2 ** 30)).toBe(small - 10n + 112n)
  })
})

describe('names in an archive', () => {
  it('keep what they are, and lead nowhere else', () => {
    expect(
      namesInZip('F', ['über 50%.png', 'two\nlines', 'a\\..\\..\\b', '../../etc/passwd', '/x', 'deep/er/y']),
    ).toEqual(['F/über 50%.png', 'F/two\nlines', 'F/a_.._.._b', 'F/_/_/etc/passwd', 'F/_/x', 'F/deep/er/y'])
  })

  it('stay different', () => {
    expect(namesInZip('F', ['a_b.txt', 'a\\b.txt', 'a_b', 'a\\b', '.x_', '.x\\'])).toEqual([
      'F/a_b.txt',
      'F/a_b (2).txt',
      'F/a_b',
      'F/a_b (2)',
      'F/.x_',
      'F/.x_ (2)',
    ])
  })
})

describe('choosing files', () => {
  const files = ['a', 'b', 'c', 'd'].map((path): ResultFile => ({ path, sizeBytes: 1, mediaType: 'x/y', plot: null }))
  const choose = (paths?: readonly string[], places?: string) => {
    const choice = chooseFiles(files, { paths, places })
    return 'fault' in choice ? choice.fault : choice.chosen.map(({ path }) => path).join('')
  }

  it('takes all, or those that are named, each once and in order', () => {
    expect(choose()).toBe('abcd')
    expect(choose(['d', 'a', 'a'])).toBe('ad')
    expect(choose(undefined, '2-3, 4')).toBe('bcd')
    expect(choose(['a'], '1,3')).toBe('ac')
  })

  it.each(['0', '5', '3-2', '1-9', 'x', '', '1;2'])('says of %j that it names none', (places) => {
    expect(choose(undefined, places)).toMatch(/names none of the 4 files/)
  })

  it('says which path is none', () => {
    expect(choose(['a', 'e'])).toBe('There is no file “e” among them.')
  })
})
