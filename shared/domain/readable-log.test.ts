import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastWritten, readableLog } from './readable-log.ts'

const read = (text: string | Uint8Array): string =>
  readableLog(typeof text === 'string' ? new TextEncoder().encode(text) : text, true).text

/** As a page shows it that gets the bytes in pieces. */
const linesInPieces = (bytes: Uint8Array, cuts: readonly number[]): readonly string[] => {
  let text = ''
  let held = new Uint8Array()
  let from = 0
  for (const to of [...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
    const piece = new Uint8Array([...held, ...bytes.subarray(from, to)])
    const isEnd = to === bytes.length
    const { text: more, usedBytes } = readableLog(piece, isEnd)
    text += more
    held = piece.slice(usedBytes)
    from = to
  }
  // What is held back at an end that was not known as one comes with it.
  text += readableLog(held, true).text
  return text.split('\n').map(lastWritten)
}

describe('what a script printed', () => {
  it.each([
    ['\u001b[31mred\u001b[0m text', 'red text'],
    ['\u001b[1;38;5;208mTitle\u001b[K', 'Title'],
    ['\u001b]0;title of the window\u0007plain', 'plain'],
    ['\u001b]8;;https://example.org\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['\u001b(Bnormal\u001b=\u001b7', 'normal'],
    ['bell\u0007 back\b null\0 c1\u009b31m', 'bell back null c131m'],
    ['one\r\ntwo\r\r\nthree', 'one\ntwo\nthree'],
    ['tab\tstays', 'tab\tstays'],
    ['an escape \u001b\u001b[0m at the end\u001b', 'an escape  at the end'],
    ['never ended \u001b]0;title', 'never ended ]0;title'],
    ['\ufeffwith a byte order mark', '\ufeffwith a byte order mark'],
  ])('loses what only a terminal understands: %j', (printed, text) => {
    expect(read(printed)).toBe(text)
  })

  it('keeps bytes that are no UTF-8 readable', () => {
    const latin = Uint8Array.from([0x64, 0x20, 0x3d, 0x20, 0x31, 0x20, 0xc5, 0x0a])
    expect(read(latin)).toBe('d = 1 \\xc5\n')
    expect(read(Uint8Array.from([0xff, 0xfe, 0x41, 0xe2, 0x82]))).toBe('\\xff\\xfeA\\xe2\\x82')
    expect(read(Uint8Array.from([0xed, 0xa0, 0x80, 0xc0, 0x80]))).toBe('\\xed\\xa0\\x80\\xc0\\x80')
  })

  it('shows of a progress bar what stands there in the end', () => {
    const bar = Array.from({ length: 1000 }, (_, place) => `\r${place / 10} % done`).join('')
    expect(read(bar)).toBe('\r99.9 % done')
    expect(lastWritten(read(`${bar}\r\n`))).toBe('99.9 % done\n')
    expect(read('10 %\r50 %\r100 %\r')).toBe('\r100 %\r')
    expect(lastWritten('\r100 %\r')).toBe('100 %')
  })

  it('is read at once also where a line is long and has no end', () => {
    const began = performance.now()
    read('x'.repeat(2_000_000) + '\u001b]'.repeat(100_000) + '\r'.repeat(500_000))
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  it('waits for the rest of a character or of a code, and not for ever', () => {
    const bytes = (text: string) => new TextEncoder().encode(text)
    expect(readableLog(bytes('50 µ').subarray(0, 4), false)).toEqual({ text: '50 ', usedBytes: 3 })
    expect(readableLog(bytes('a\u001b[3'), false)).toEqual({ text: 'a', usedBytes: 1 })
    expect(readableLog(bytes('a\u001b]0;t\u001b'), false)).toEqual({ text: 'a', usedBytes: 1 })
    expect(readableLog(bytes(`a\u001b]${'t'.repeat(400)}`), false).usedBytes).toBe(403)
  })

  it('is the same in whatever pieces it comes', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }).map((text) => new TextEncoder().encode(text)),
      fc
        .constantFrom(
          '\u001b[31m',
          '\u001b[0m',
          '\u001b]0;t\u0007',
          '\u001b]2;u\u001b\\',
          '\r',
          '\r\n',
          '\n',
          '50 %',
          '\u001b(B',
        )
        .map((text) => new TextEncoder().encode(text)),
      fc.uint8Array({ maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 6 }), (parts, cuts) => {
        const bytes = Uint8Array.from(parts.flatMap((one) => [...one]))
        expect(linesInPieces(bytes, cuts)).toEqual(linesInPieces(bytes, []))
      }),
      { numRuns: 500 },
    )
  })

  it('agrees with the decoder where all is UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        const lossy = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
        const isSound = !lossy.includes('\ufffd') && !/[\u0000-\u001f\u007f-\u009f]/.test(lossy)
        if (isSound) expect(read(bytes)).toBe(lossy)
      }),
      { numRuns: 500 },
    )
  })
})
