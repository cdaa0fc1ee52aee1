import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseLastrun } from './parse-lastrun.ts'

const parse = (text: string) => parseLastrun(Buffer.from(text))

describe('lastrun.txt', () => {
  it('is read as the control system writes it', () => {
    expect(parse('WISH 00044733 0 ')).toEqual({ lastrun: { name: 'WISH', lastRun: 44733, flag: '0' } })
    expect(parse('ENGINX 00241391 0\r\n')).toEqual({ lastrun: { name: 'ENGINX', lastRun: 241391, flag: '0' } })
  })

  it('may say that nothing was measured yet', () => {
    expect(parse('WISH 00000000 0')).toEqual({ lastrun: { name: 'WISH', lastRun: 0, flag: '0' } })
  })

  it.each([
    ['nothing', '', 'It is empty.'],
    ['white space only', ' \r\n\t', 'It is empty.'],
    ['one token', 'WISH', 'one word where there should be three'],
    ['two tokens', 'WISH 00044733', '2 words where there should be three'],
    ['four tokens', 'WISH 00044733 0 0', '4 words where there should be three'],
    ['two lines', 'WISH 00044733 0\nWISH 00044734 0\n', '6 words where there should be three'],
    ['a negative number', 'WISH -44733 0', 'negative'],
    ['a number with a sign', 'WISH +44733 0', 'not a whole number'],
    ['letters', 'WISH four 0', 'not a whole number'],
    ['a fraction', 'WISH 44733.0 0', 'not a whole number'],
    ['hexadecimal', 'WISH 0x1F 0', 'not a whole number'],
    ['ten digits', 'WISH 1000000000 0', 'more than nine digits'],
    ['a thousand digits', `WISH ${'9'.repeat(1000)} 0`, 'more than nine digits'],
    ['letters beyond ASCII', 'WISH ４４７３３ 0', 'not plain ASCII'],
    ['a byte order mark', '\uFEFFWISH 00044733 0', 'not plain ASCII'],
    ['NUL bytes, as a file has that is being copied', '\0\0\0\0\0\0', 'not plain ASCII'],
    ['a huge text', `WISH 00044733 0${' '.repeat(5000)}`, 'more than 1024 bytes'],
  ])('is refused in words when it holds %s', (_what, text, words) => {
    expect(parse(text)).toEqual({ fault: expect.stringContaining(words) })
  })

  it('is refused when it is UTF-16', () => {
    expect(parseLastrun(Buffer.from('WISH 00044733 0', 'utf16le'))).toHaveProperty('fault')
  })

  it('gives back every number that was written, whatever the padding and the white space', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 999_999_999 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(' ', '  ', '\t'),
        fc.constantFrom('', '\n', '\r\n', ' '),
        (run, width, gap, end) => {
          const line = `MARI${gap}${String(run).padStart(width, '0')}${gap}0${end}`
          expect(parse(line)).toEqual({ lastrun: { name: 'MARI', lastRun: run, flag: '0' } })
        },
      ),
    )
  })

  it('never throws and never gives a number that no database column holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const result = parseLastrun(bytes)
        if ('fault' in result) expect(result.fault).not.toBe('')
        else expect(result.lastrun.lastRun).toBeLessThanOrEqual(999_999_999)
      }),
    )
  })
})
