import { Readable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MessageContent } from './broker.ts'
import { readContent } from './read-content.ts'

const read = (chunks: readonly Buffer[], largestBodyBytes = 1_000_000): Promise<MessageContent> =>
  new Promise((resolve) => readContent(Readable.from(chunks, { objectMode: false }), largestBodyBytes, resolve))

const cut = (body: Buffer, pieces: readonly number[]): Buffer[] => {
  const chunks: Buffer[] = []
  let from = 0
  for (const length of pieces) {
    if (from + length >= body.length) break
    chunks.push(body.subarray(from, from + length))
    from += length
  }
  return [...chunks, body.subarray(from)].filter((chunk) => chunk.length > 0)
}

test('A text arrives whole however it was cut on its way', async () => {
  const text = fc.string({ unit: 'binary' }).filter((value) => value.isWellFormed())
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.integer({ min: 1, max: 5 })), async (value, pieces) => {
      expect(await read(cut(Buffer.from(value), pieces))).toEqual({ kind: 'text', text: value })
    }),
  )
})

test('A body that is not UTF-8 is unreadable, and held for the dead letters', async () => {
  const body = Buffer.from([0x7b, 0xff, 0x7d])
  expect(await read([body])).toEqual({ kind: 'unreadable', reason: 'its body is not UTF-8', held: body })
})

test('A body that is too large is unreadable, and held for the dead letters', async () => {
  const chunks = Array.from({ length: 50 }, () => Buffer.alloc(1000, 'x'))
  expect(await read(chunks, 49_999)).toEqual({
    kind: 'unreadable',
    reason: 'its body of 50000 bytes is larger than the 49999 accepted',
    held: Buffer.alloc(50_000, 'x'),
  })
  expect(await read(chunks, 50_000)).toMatchObject({ kind: 'text' })
})

test('A body beyond all measure is read to its end but not held', async () => {
  const chunks = Array.from({ length: 5 }, () => Buffer.alloc(1024 * 1024))
  expect(await read(chunks, 1_000)).toMatchObject({
    kind: 'unreadable',
    reason: 'its body of 5242880 bytes is larger than the 1000 accepted',
    held: null,
  })
})
