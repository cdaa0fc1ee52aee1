import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sameValue, valueFromJson, type VariableValue } from './variables.ts'

const given = (json: unknown, like?: VariableValue): VariableValue => {
  const read = valueFromJson(json, like)
  if ('fault' in read) throw new Error(read.fault)
  return read.value
}
const float = (value: string): VariableValue => ({ type: 'float', value })

describe('valueFromJson', () => {
  it('keeps what JSON can say: False stays False, text stays text', () => {
    expect(given(false)).toEqual({ type: 'boolean', value: false })
    expect(given('hello, world')).toEqual({ type: 'string', value: 'hello, world' })
    expect(given('1')).toEqual({ type: 'string', value: '1' })
    expect(given(null)).toEqual({ type: 'none' })
    expect(given(7)).toEqual({ type: 'integer', value: '7' })
  })

  it('takes the type of the script’s own value where nothing is lost', () => {
    expect(given(1, float('0.5'))).toEqual(float('1.0'))
    expect(given([1, 2], { type: 'tuple', items: [float('0.0')] })).toEqual({
      type: 'tuple',
      items: [float('1.0'), float('2.0')],
    })
    expect(given(1.5, { type: 'integer', value: '3' })).toEqual(float('1.5'))
    const like: VariableValue = {
      type: 'mapping',
      ordered: true,
      entries: [[{ type: 'string', value: 'a' }, float('1.0')]],
    }
    expect(given({ a: 2 }, like)).toEqual({ ...like, entries: [[{ type: 'string', value: 'a' }, float('2.0')]] })
  })

  it('refuses what no variable can hold', () => {
    expect(valueFromJson(Number.NaN)).toHaveProperty('fault')
    expect(valueFromJson([1, [Number.POSITIVE_INFINITY]])).toHaveProperty('fault')
    expect(valueFromJson(2 ** 60)).toHaveProperty('fault')
    expect(valueFromJson(undefined)).toHaveProperty('fault')
  })

  it('writes every float so that reading it gives the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const value = given(number, float('0.0'))
        expect(value.type === 'float' && Number(value.value)).toBe(number)
        expect(value.type === 'float' && /^-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?$/.test(value.value)).toBe(true)
      }),
      // Its sign is kept too.
      { examples: [[-0]] },
    )
  })
})

describe('sameValue', () => {
  it('tells an integer from a float, and a list from a tuple', () => {
    expect(sameValue({ type: 'integer', value: '1' }, float('1.0'))).toBe(false)
    expect(sameValue({ type: 'list', items: [] }, { type: 'tuple', items: [] })).toBe(false)
  })

  it('finds any JSON value the same as itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const read = valueFromJson(json)
        if ('value' in read) expect(sameValue(read.value, given(structuredClone(json)))).toBe(true)
      }),
    )
  })
})
