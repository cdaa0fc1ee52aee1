import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRange } from './byte-range.ts'
import { decodeCursor, encodeCursor } from './list-cursor.ts'
import { atCharacters } from './logs/log-text.ts'
import { parseRunFilter } from './parse-run-filter.ts'
import { windowsForm } from './windows-path.ts'

const run = fc.integer({ min: 0, max: 999_999_999 })

describe('run numbers to look for', () => {
  it('are ranges that rise, do not touch, and hold exactly what was written', () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 9 }))
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 20 }), (parts) => {
        const text = parts.map(([first, more]) => (more === 0 ? ` ${first}` : `${first} - ${first + more}`)).join(',')
        const read = parseRunFilter(text)
        if ('fault' in read) throw new Error(read.fault)
        const numbers = read.ranges.flatMap(([first, last]) =>
          Array.from({ length: last - first + 1 }, (_, place) => first + place),
        )
        const written = new Set(
          parts.flatMap(([first, more]) => Array.from({ length: more + 1 }, (_, place) => first + place)),
        )
        expect(numbers).toEqual([...written].toSorted((left, right) => left - right))
        for (const [place, [first]] of read.ranges.entries()) {
          expect(first).toBeGreaterThan((read.ranges[place - 1]?.[1] ?? -2) + 1)
        }
      }),
    )
  })

  it('may be as far apart as run numbers go', () => {
    expect(parseRunFilter('1-999999999')).toEqual({ ranges: [[1, 999_999_999]] })
  })

  it('are either understood or told about, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0159-, ;x') }), (text) => {
        const read = parseRunFilter(text)
        if ('fault' in read) expect(read.fault).toMatch(/^.+\.$/)
        else expect(read.ranges.length).toBeGreaterThan(0)
      }),
    )
  })

  it('are not thousands of ranges', () => {
    expect(parseRunFilter(Array.from({ length: 201 }, (_, place) => place * 2).join(','))).toHaveProperty('fault')
  })
})

describe('a cursor', () => {
  it('comes back as it was', () => {
    const key = fc.array(fc.oneof(run, fc.stringMatching(/^[A-Z0-9]{1,32}$/)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.constantFrom('newest', 'experiment'), key, (order, values) => {
        expect(decodeCursor(encodeCursor({ order, key: values }))).toEqual({ order, key: values })
        expect(encodeCursor({ order, key: values })).toMatch(/^[A-Za-z0-9_-]+$/)
      }),
    )
  })

  it('is told from any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const place = decodeCursor(text)
        if (place !== undefined) expect(encodeCursor(place)).toBeDefined()
      }),
    )
    expect(decodeCursor('abc')).toBeUndefined()
    expect(decodeCursor(Buffer.from('{"a":1}').toString('base64url'))).toBeUndefined()
  })
})

describe('a range of bytes', () => {
  it('lies within the file, or is none', () => {
    const bound = fc.option(fc.nat(200), { nil: undefined })
    fc.assert(
      fc.property(bound, bound, fc.nat(100), (from, to, sizeBytes) => {
        const range = parseRange(`bytes=${from ?? ''}-${to ?? ''}`, sizeBytes)
        if (range === undefined || range === 'none') return
        expect(range.first).toBeGreaterThanOrEqual(0)
        expect(range.last).toBeGreaterThanOrEqual(range.first)
        expect(range.last).toBeLessThan(sizeBytes)
        if (from !== undefined) expect(range.first).toBe(from)
        else expect(range.last - range.first + 1).toBe(Math.min(to ?? 0, sizeBytes))
      }),
    )
  })
})

describe('a piece of a log', () => {
  it('joined with the next gives every byte, and each by itself whole characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.integer({ min: 4, max: 30 }), (text, size) => {
        const all = Buffer.from(text.toWellFormed())
        let together = ''
        for (let offset = 0; offset < all.length;) {
          const bytes = all.subarray(offset, offset + size)
          const piece = atCharacters(bytes, { start: false, end: offset + bytes.length < all.length })
          expect(piece.bytes.length).toBeGreaterThan(0)
          together += new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(piece.bytes)
          offset += piece.bytes.length
        }
        expect(together).toBe(text.toWellFormed())
      }),
    )
  })

  it('of bytes that are no text is not held back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
        const piece = atCharacters(bytes, { start: false, end: true })
        expect(bytes.length - piece.bytes.length).toBeLessThan(4)
        expect(piece.bytes.length).toBeGreaterThan(0)
      }),
    )
  })

  it('that was counted from the end begins with a character', () => {
    const bytes = Buffer.from('€uro')
    expect(Buffer.from(atCharacters(bytes.subarray(1), { start: true, end: false }).bytes).toString()).toBe('uro')
    expect(atCharacters(bytes.subarray(1), { start: true, end: false }).skipped).toBe(2)
  })
})

describe('a results path on Windows', () => {
  it.each([
    ['/results/MARI/a', '/results', '\\\\isis\\results', '\\\\isis\\results\\MARI\\a'],
    ['/results/MARI/a', '/results/', '\\\\isis\\results\\', '\\\\isis\\results\\MARI\\a'],
    ['/resultsX/a', '/results', '\\\\isis\\results', null],
    ['/results/a', '/results', undefined, null],
  ])('%s below %s, seen as %s, is %s', (path, root, windowsRoot, expected) => {
    expect(windowsForm(path, root, windowsRoot)).toBe(expected)
  })
})
