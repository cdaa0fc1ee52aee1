import { describe, expect, it } from 'vitest'
import type { Variable } from '#domain/variables.ts'
import { faultOfArguments, faultsOfUndeclared, listGivenArguments, typedByDeclared } from './given-arguments.ts'

const declared: readonly Variable[] = [
  { group: 'standard', name: 'scale', value: { type: 'float', value: '1.0' } },
  { group: 'standard', name: 'box', value: { type: 'tuple', items: [] } },
  { group: 'standard', name: 'twice', value: { type: 'none' } },
  { group: 'advanced', name: 'twice', value: { type: 'none' } },
]
const faultOf = (variables: Record<string, unknown>) => faultOfArguments(listGivenArguments(variables))

describe('given variables', () => {
  it('take the script’s own types, and are stored as they were checked', () => {
    const given = listGivenArguments({ scale: -0, box: [1] })
    expect(typedByDeclared(given, declared)).toEqual({
      faults: [],
      arguments: [
        {
          group: 'standard',
          name: 'box',
          typed: { type: 'tuple', items: [{ type: 'integer', value: '1' }] },
        },
        { group: 'standard', name: 'scale', typed: { type: 'float', value: '-0.0' } },
      ],
    })
  })

  it('are refused where the script has none such, or two', () => {
    expect(typedByDeclared(listGivenArguments({ skale: 1 }), declared).faults).toEqual([
      'The script has no variable “skale”. It has: scale, box, twice, twice.',
    ])
    expect(typedByDeclared(listGivenArguments({ twice: 1 }), declared).faults[0]).toContain('say which is meant')
    expect(typedByDeclared(listGivenArguments({ advanced_vars: { twice: 1 } }), declared).faults).toEqual([])
  })

  it('that claim a type they have not are refused, and never taken for a dictionary', () => {
    const typed = (value: unknown) => faultOf({ gain: { typed: value } })
    expect(typed({ type: 'float', value: 'nan' })).toBe(
      'The typed value of “gain” is not a finite decimal number such as 0.5 or 1e-05.',
    )
    expect(typed({ type: 'float', value: '1e999' })).toContain('larger than the largest number')
    expect(typed({ type: 'integer', value: '1.5' })).toContain('is not a whole number')
    expect(typed({ type: 'string', value: '\ud800' })).toContain('half of a character')
    expect(
      typed({ type: 'mapping', ordered: false, entries: [[{ type: 'list', items: [] }, { type: 'none' }]] }),
    ).toContain('which Python does not allow as a key')
    // A dictionary of the script's own may well have such a key.
    expect(faultOf({ gain: { typed: 'by hand' } })).toBeUndefined()
    expect(faultOf({ gain: 'half \udc00' })).toContain('half of a character')
    expect(faultOf({ ['x'.repeat(256)]: 1 })).toContain('1 to 255 characters')
  })

  it('that JSON has rounded are refused also where nobody knows the script’s variables', () => {
    expect(faultsOfUndeclared(listGivenArguments({ big: 12345678901234567890, nested: [[2 ** 60]] }))).toHaveLength(2)
    expect(faultsOfUndeclared(listGivenArguments({ fine: 2 ** 53 - 1, float: 1e300, half: 0.5 }))).toEqual([])
  })
})
