import fc from 'fast-check'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { applyLogChange, finishLog } from './log-changes.ts'
import { readLogPiece } from './log-reader.ts'
import { openLogWriter } from './log-writer.ts'
import { readLogRange } from './read-result.ts'
import { growingLog, temporaryRoot } from './test-support.ts'

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

test('what is printed can be read soon, and is all there in the end', async () => {
  const log = join(await temporaryRoot(), '1-1.log')
  const writer = await growingLog(log, limits)
  await writer.write('first line\n')
  expect(await follow(log)).toEqual({ text: 'first line\n', cutBytes: 0 })
  await writer.write('second line\n')
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
        const writer = await growingLog(log, limits)
        let printed = ''
        for (const [place, length] of lengths.entries()) {
          const text = String.fromCharCode(97 + (place % 26)).repeat(length)
          printed += text
          await writer.write(text)
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
        expect(finished.printedBytes).toBe(printed.length)
        expectKept(await readFile(finished.path, 'utf8'), printed, cutBytes)
        if (cutBytes > 0) expect(finished.cut).toEqual({ atByte: 100, cutBytes, markBytes: markOf(cutBytes).length })
        else expect(finished.cut).toBeNull()
        await finished.discardParts()
        expect(await readdir(directory)).toEqual([basename(finished.path)])
      } finally {
        await rm(directory, { recursive: true })
      }
    }),
    { numRuns: 50 },
  )
})

const expectKept = (kept: string, printed: string, cutBytes: number): void => {
  if (cutBytes === 0) expect(kept).toBe(printed)
  else expect(kept).toBe(printed.slice(0, 100) + markOf(cutBytes) + printed.slice(100 + cutBytes))
}

const markOf = (cutBytes: number): string =>
  `\n[... ${cutBytes.toLocaleString('en-GB')} bytes were cut here: the log is longer than is kept ...]\n`

/** One thing that happens to a log: its script prints, or the disk takes what it was sent, half of it, or nothing. */
const events = fc.array(
  fc.oneof(
    fc.record({ prints: fc.integer({ min: 1, max: 90 }) }),
    fc.record({ disk: fc.constantFrom('takes', 'takes half and fails', 'fails') }),
  ),
  { maxLength: 40 },
)

test('a disk that is slow or fails loses nothing that is kept, and what is held for it stays small', async () => {
  await fc.assert(
    fc.asyncProperty(events, async (happenings) => {
      const directory = await mkdtemp(join(tmpdir(), 'log-'))
      const log = join(directory, '1-1.log')
      try {
        await writeFile(log, '')
        const waiting: ((answer: string) => void)[] = []
        const writer = openLogWriter({
          limits,
          send: async (change) => {
            const bytes = change.writes.reduce((sum, write) => sum + write.bytes.length, 0)
            expect(bytes).toBeLessThanOrEqual(limits.headBytes + limits.tailBytes * 1.5)
            const answer = await new Promise<string>((resolve) => waiting.push(resolve))
            if (answer === 'takes') await applyLogChange(log, change)
            else if (answer === 'takes half and fails')
              await applyLogChange(log, { writes: change.writes.slice(0, 1), drops: [] })
            if (answer !== 'takes') throw new Error('a fault')
          },
          rhythm: { sendAfterMs: 0, againAfterMs: 0 },
        })
        let printed = ''
        for (const happening of happenings) {
          if ('prints' in happening) {
            const text = String.fromCharCode(97 + (printed.length % 26)).repeat(happening.prints)
            printed += text
            await writer.write(Buffer.from(text))
          } else if (printed !== '') {
            await vi
              .waitFor(() => expect(waiting.length).toBeGreaterThan(0), { timeout: 100, interval: 1 })
              .catch(() => 0)
            waiting.shift()?.(happening.disk)
          }
        }
        const closing = writer.close()
        waiting.shift()?.('fails')
        const end = await closing
        const cutBytes = end.cut?.cutBytes ?? 0
        const finished = await finishLog(log, end, [])
        expect(end.printedBytes).toBe(printed.length)
        expectKept(await readFile(finished.path, 'utf8'), printed, cutBytes)
        if (cutBytes > 0) expect(printed.length - cutBytes).toBeGreaterThan(100 + limits.tailBytes)
        await finished.discardParts()
        expect(await readdir(directory)).toEqual([basename(finished.path)])
      } finally {
        await rm(directory, { recursive: true })
      }
    }),
    { numRuns: 60 },
  )
})

test('a disk that never takes what is sent holds up the end no longer than it may', async () => {
  const sends: unknown[] = []
  const writer = openLogWriter({
    limits,
    send: (change) => {
      sends.push(change)
      return new Promise(() => undefined)
    },
    rhythm: { sendAfterMs: 0, againAfterMs: 0 },
  })
  await writer.write(Buffer.from('printed'))
  await vi.waitUntil(() => sends.length > 0, 20_000)
  const { change, printedBytes } = await writer.close(AbortSignal.abort())
  expect(change.writes).toMatchObject([{ part: 0, position: 0, bytes: Buffer.from('printed') }])
  expect(printedBytes).toBe(7)
})

test('what a script prints letter by letter is held together', async () => {
  const sent: number[] = []
  const writer = openLogWriter({
    limits: { headBytes: 1_000_000, tailBytes: 10 },
    send: (change) => {
      sent.push(...change.writes.map(({ bytes }) => bytes.length))
      return Promise.resolve()
    },
    rhythm: { sendAfterMs: 0, againAfterMs: 0 },
  })
  for (let letter = 0; letter < 100_000; letter += 1) await writer.write(Buffer.from('x'))
  await vi.waitUntil(() => sent.reduce((sum, bytes) => sum + bytes, 0) === 100_000, { timeout: 20_000 })
  expect((await writer.close()).change.writes).toEqual([])
})

test('what outruns the disk is sent no more often than what is printed slowly', async () => {
  const sendAfterMs = 200
  let sends = 0
  const writer = openLogWriter({
    limits: { headBytes: 0, tailBytes: 500_000 },
    send: () => {
      sends += 1
      return new Promise(setImmediate)
    },
    rhythm: { sendAfterMs, againAfterMs: 0 },
  })
  const began = performance.now()
  const piece = Buffer.alloc(1_000_000)
  for (let count = 0; count < 300; count += 1) {
    await writer.write(piece)
    await new Promise(setImmediate)
  }
  const turns = (performance.now() - began) / sendAfterMs
  await writer.close()
  // The first may go at once.
  expect(sends).toBeLessThanOrEqual(1 + Math.ceil(turns))
})

test('a negative start counts from the end', async () => {
  const log = join(await temporaryRoot(), '1-1.log')
  const writer = await growingLog(log, limits)
  await writer.write('0123456789'.repeat(20))
  const piece = await readLogPiece(log, -5, 100)
  expect(piece?.bytes.toString()).toBe('56789')
  expect(piece?.offset).toBe(195)
})

test('a log that has moved to the results is not there any more', async () => {
  expect(await readLogPiece(join(await temporaryRoot(), '1-1.log'), 0, 100)).toBeUndefined()
})

test('what lies behind the end is empty, and never what lies before it', async () => {
  const log = join(await temporaryRoot(), '1-1.log')
  const writer = await growingLog(log, limits)
  await writer.write('0123456789')
  expect(await readLogPiece(log, 25, 100)).toMatchObject({ offset: 25, nextOffset: 25, cutBytes: 0, sizeBytes: 10 })
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
        const writer = await growingLog(staging.log, limits)
        for (const one of steps) {
          if ('read' in one) await read(one.read)
          else {
            const text = Array.from({ length: one.print }, (_, place) => String((printed.length + place) % 10)).join('')
            printed += text
            await writer.write(text)
          }
        }
        const finished = await writer.finish(['Error: it failed.'])
        for (let one = 0; one < readsWhileSealing; one += 1) await read(9)
        // As `seal` and `publish` do, looked at after each of their steps.
        await mkdir(join(staging.directory, 'reduction_log'))
        await rename(finished.path, join(staging.directory, path))
        await read(9)
        await writeFile(
          join(staging.directory, 'provenance.json'),
          JSON.stringify({ log: { printedBytes: finished.printedBytes, cut: finished.cut } }),
        )
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
