import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cyclesNewestFirst, matchRawFile, parseCycle, rawFileNames, runNumberInName } from './raw-file-names.ts'

describe('cycle folders', () => {
  it('come newest first, also across the century and with one or two digits', () => {
    const folders = ['cycle_97_1', 'cycle_18_03', 'cycle_24_3', 'cycle_24_10', 'cycle_09_1', 'cycle_84_2', 'cycle_83_1']
    expect(cyclesNewestFirst(folders)).toEqual([
      'cycle_83_1',
      'cycle_24_10',
      'cycle_24_3',
      'cycle_18_03',
      'cycle_09_1',
      'cycle_97_1',
      'cycle_84_2',
    ])
  })

  it('are told from other folders', () => {
    expect(cyclesNewestFirst(['cycle_24', 'cycle_24_3_old', 'test', 'Cycle_24_3', 'xcycle_24_3'])).toEqual([
      'Cycle_24_3',
    ])
    expect(parseCycle('cycle_99_5')).toMatchObject({ year: 1999, number: 5 })
  })
})

describe('raw file names', () => {
  it('are tried with every prefix and padding', () => {
    const names = rawFileNames(1250, ['VESUVIO', 'EVS'])
    expect(names).toContain('VESUVIO00001250.nxs')
    expect(names).toContain('EVS01250.nxs')
    expect(names).toContain('EVS1250.NXS')
    expect(new Set(names).size).toBe(names.length)
  })

  it.each([
    ['MAR25581.nxs', 25581, ['MARI', 'MAR'], 'nexus'],
    ['MUSR00092000.nxs', 92000, ['MUSR', 'MUS'], 'nexus'],
    ['SANS2D00022048.nxs', 22048, ['SANS2D', 'SAN'], 'nexus'],
    ['ARGUS0044309.nxs', 44309, ['ARGUS'], 'nexus'],
    ['argus0044309.NXS', 44309, ['ARGUS'], 'nexus'],
    ['EVS01250.raw', 1250, ['VESUVIO', 'EVS'], 'raw'],
    ['MARI25581.nxs', 2558, ['MARI', 'MAR'], undefined],
    ['MARI25581.nxs', 5581, ['MARI', 'MAR'], undefined],
    ['MARI25581.nxs.tmp', 25581, ['MARI', 'MAR'], undefined],
    ['MARI25581_old.nxs', 25581, ['MARI', 'MAR'], undefined],
    ['MERLIN25581.nxs', 25581, ['MARI', 'MAR'], undefined],
  ])('%s is run %i of %j: %s', (name, run, prefixes, expected) => {
    expect(matchRawFile(name, run, prefixes)).toBe(expected)
  })

  it('all match the run they were made for and no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: 1, max: 999_999_999 }), (run, other) => {
        for (const name of rawFileNames(run, ['SANS2D', 'SAN'])) {
          expect(matchRawFile(name, run, ['SANS2D', 'SAN'])).toBe('nexus')
          expect(runNumberInName(name)).toBe(run)
          if (other !== run) expect(matchRawFile(name, other, ['SANS2D', 'SAN'])).toBeUndefined()
        }
      }),
    )
  })
})
