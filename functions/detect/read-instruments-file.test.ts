import { describe, expect, it } from 'vitest'
import { parseInstrumentsFile, type InstrumentsFile } from './read-instruments-file.ts'

const parse = (text: string): InstrumentsFile => parseInstrumentsFile(text, (fault) => ({ fault }))

describe('the file of instruments', () => {
  it('names instruments, with settings where they differ from the usual', () => {
    const text = `
- WISH
- name: NDXMARI
  prefixes: [MARI, MAR]
  flat: true
  timeLimitSeconds: 7200
  waitHours: 48
  gapLimit: 500
  software: { name: Mantid, version: '6.13' }
- name: LET
  active: false
`
    const usual = { active: true, flat: false, timeLimitSeconds: 3600, waitHours: 24, gapLimit: 100 }
    expect(parse(text)).toEqual({
      instruments: [
        { ...usual, name: 'WISH' },
        {
          name: 'MARI',
          active: true,
          flat: true,
          prefixes: ['MARI', 'MAR'],
          timeLimitSeconds: 7200,
          waitHours: 48,
          gapLimit: 500,
          software: { name: 'Mantid', version: '6.13' },
        },
        { ...usual, name: 'LET', active: false },
      ],
    })
  })

  it.each([
    ['WISH: true', 'it should be a list of instruments'],
    ['', 'it should be a list of instruments'],
    ['- WISH\n- wish', 'names WISH twice'],
    ['- name: WISH\n  actve: true', 'WISH: Unrecognized key: "actve"'],
    ['- name: WISH\n  gapLimit: many', 'WISH, gapLimit: '],
    ['- active: true', 'entry 1, name: '],
    ['- "no name"', '“no name” cannot be an instrument'],
    ['- name: WISH\n  prefixes: ["../x"]', 'WISH, prefixes.0: is not the beginning of a raw file’s name'],
    ['- [1', 'is not YAML: '],
    ['- 7', 'entry 1'],
  ])('is refused in words when it says %j', (text, words) => {
    const parsed = parse(text)
    expect('fault' in parsed && parsed.fault).toContain(words)
  })
})
