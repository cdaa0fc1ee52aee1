import fc from 'fast-check'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readLogPiece } from './log-reader.ts'
import { openLogWriter } from './log-writer.ts'
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
  expect(await writer.finish(['The script left 2 processes.'])).toEqual({ cutBytes: 0 })
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

        await writer.finish([])
        expect(await readdir(directory)).toEqual(['1-1.log'])
        const kept = await readFile(log, 'utf8')
        if (cutBytes === 0) expect(kept).toBe(printed)
        else {
          const mark = `\n[... ${cutBytes.toLocaleString('en-GB')} bytes were cut here: the log is longer than is kept ...]\n`
          expect(kept).toBe(printed.slice(0, 100) + mark + printed.slice(100 + cutBytes))
        }
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
