import fc from 'fast-check'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { readLogPiece } from './log-reader.ts'
import { openLogWriter } from './log-writer.ts'
import { readLogRange } from './read-result.ts'
import { temporaryRoot } from './test-support.ts'

const limits = { headBytes: 100, tailBytes: 40 }

/** Reads a growing log from the start, as a follower does. */
const follow = async (log: string): Promise<{ readonly text: string; readonly cutBytes: number }> => {
  let text = ''
  let cutBytes = 0
  for (let from = 0; ;) {
    const piece = await readLogPiece(log, from, 7)
    if (!piece) throw new Error('no log')
    if (piece.bytes.length === 0) return { text, cutBytes }
    cutBytes += piece.cutBytes
    text += piece.bytes.toString('latin1')
    from = piece.nextOffset
  }
}

test('what is printed can be read at once, and is all there in the end', async () => {
  const log = join(await temporaryRoot(), '1-1.log')
  const writer = await openLogWriter(log, limits)
  await writer.write(Buffer.from('first line\n'))
  expect(await follow(log)).toEqual({ text: 'first line\n', cutBytes: 0 })
  await writer.write(Buffer.from('second line\n'))
  expect(await writer.finish(['The script left 2 processes.'])).toMatchObject({
    path: log,
    printedBytes: 23,
    cut: null,
  })
  expect(await readFile(log, 'utf8')).toBe('first line\nsecond line\n\n[The script left 2 processes.]\n')
})

test('of a log that is too long head and tail are kept, while it grows and in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 20 }), async (lengths) => {
      const directory = await mkdtemp(join(tmpdir(), 'log-'))
      const log = join(directory, '1-1.log')
      try {
        const writer = await openLogWriter(log, limits)
        let printed = ''
        for (const [place, length] of lengths.entries()) {
          const text = String.fromCharCode(97 + (place % 26)).repeat(length)
          printed += text
          await writer.write(Buffer.from(text))
        }
        const { text, cutBytes } = await follow(log)
        expect(text.length + cutBytes).toBe(printed.length)
        expect(text.slice(0, 100)).toBe(printed.slice(0, 100))
        expect(text.slice(100)).toBe(printed.slice(100 + cutBytes))
        if (cutBytes > 0) expect(text.length).toBeGreaterThan(100 + limits.tailBytes)
        expect(text.length).toBeLessThanOrEqual(100 + limits.tailBytes * 1.5)

        const finished = await writer.finish([])
        // Until it lies among the results its readers find it as it was.
        expect(await follow(log)).toEqual({ text, cutBytes })
        const kept = await readFile(finished.path, 'utf8')
        expect(finished.printedBytes).toBe(printed.length)
        if (cutBytes === 0) expect(kept).toBe(printed)
        else {
          const mark = `\n[... ${cutBytes.toLocaleString('en-GB')} bytes were cut here: the log is longer than is kept ...]\n`
          expect(kept).toBe(printed.slice(0, 100) + mark + printed.slice(100 + cutBytes))
          expect(finished.cut).toEqual({ atByte: 100, cutBytes, markBytes: mark.length })
        }
        await finished.discardParts()
        if (finished.path !== log) expect(await readdir(directory)).toEqual([basename(finished.path)])
      } finally {
        await rm(directory, { recursive: true })
      }
    }),
    { numRuns: 50 },
  )
})

test('a negative start counts from the end', async () => {
  const log = join(await temporaryRoot(), '1-1.log')
  const writer = await openLogWriter(log, limits)
  await writer.write(Buffer.from('0123456789'.repeat(20)))
  const piece = await readLogPiece(log, -5, 100)
  expect(piece?.bytes.toString()).toBe('56789')
  expect(piece?.offset).toBe(195)
  await writer.abandon()
})

test('a log that has moved to the results is not there any more', async () => {
  expect(await readLogPiece(join(await temporaryRoot(), '1-1.log'), 0, 100)).toBeUndefined()
})

test('what lies behind the end is empty, and never what lies before it', async () => {
  const log = join(await temporaryRoot(), '1-1.log')
  const writer = await openLogWriter(log, limits)
  await writer.write(Buffer.from('0123456789'))
  expect(await readLogPiece(log, 25, 100)).toMatchObject({ offset: 25, nextOffset: 25, cutBytes: 0, sizeBytes: 10 })
  await writer.abandon()
})

test('whoever follows a log from its first line to the results loses nothing and gets nothing twice', async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ print: fc.integer({ min: 1, max: 90 }) }) },
    { weight: 4, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 60 }) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(5), async (steps, readsWhileSealing) => {
      const root = await mkdtemp(join(tmpdir(), 'log-'))
      try {
        const staging = { directory: join(root, 'WISH/.staging/1-1'), log: join(root, 'WISH/.staging/1-1.log') }
        const results = join(root, 'WISH/results')
        await mkdir(staging.directory, { recursive: true })
        const path = 'reduction_log/Script.out'
        const places = {
          staged: staging.log,
          filed: [
            { root, directory: staging.directory, path, awaitsRecord: true },
            { root, directory: results, path },
          ],
        }
        let printed = ''
        let heard = ''
        let position = 0
        const read = async (length: number): Promise<number> => {
          const piece = await readLogRange({ ...places, from: position, length })
          if (piece.kind === 'absent') return 0
          expect(piece.offset).toBeGreaterThanOrEqual(position)
          heard += '~'.repeat(piece.offset - position) + Buffer.from(piece.bytes).toString('latin1')
          position = piece.offset + piece.bytes.length
          return piece.bytes.length
        }
        const writer = await openLogWriter(staging.log, limits)
        for (const one of steps) {
          if ('read' in one) await read(one.read)
          else {
            const text = Array.from({ length: one.print }, (_, place) => String((printed.length + place) % 10)).join('')
            printed += text
            await writer.write(Buffer.from(text))
          }
        }
        const finished = await writer.finish(['Error: it failed.'])
        for (let one = 0; one < readsWhileSealing; one += 1) await read(9)
        // As `seal` and `publish` do, looked at after each of their steps.
        await mkdir(join(staging.directory, 'reduction_log'))
        await rename(finished.path, join(staging.directory, path))
        await read(9)
        await writeFile(join(staging.directory, 'provenance.json'), JSON.stringify({ log: finished }))
        await read(9)
        await finished.discardParts()
        await read(9)
        await rename(staging.directory, results)
        while ((await read(50)) > 0);

        const whole = `${printed}\n[Error: it failed.]\n`
        expect(heard.length).toBe(whole.length)
        for (const [place, sign] of [...heard].entries()) if (sign !== '~') expect(sign).toBe(whole[place])
        expect(heard.slice(0, 100)).toBe(whole.slice(0, 100))
        if (finished.cut === null && !heard.includes('~')) expect(heard).toBe(whole)
        const again = { ...places, staged: undefined }
        expect(await readLogRange({ ...again, from: -5, length: 9 })).toMatchObject({ offset: whole.length - 5 })
      } finally {
        await rm(root, { recursive: true })
      }
    }),
    { numRuns: 60 },
  )
})
