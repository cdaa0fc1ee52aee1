import { describe, expect, it } from 'vitest'
import type { VariableValue } from '#domain/variables.ts'
import { editorFor, fieldText, parseField, shortValue } from './fields.ts'

const text = (value: string): VariableValue => ({ type: 'string', value })
const whole = (value: string): VariableValue => ({ type: 'integer', value })
const decimal = (value: string): VariableValue => ({ type: 'float', value })
const edit = (original: VariableValue, written: string) => parseField(original, editorFor(original), written)

describe('a field of the re-run form', () => {
  it.each<VariableValue>([
    text('hello, world'),
    text('it\'s "quoted"'),
    text('1'),
    text('two\nlines'),
    whole('9'.repeat(200)),
    decimal('1e-05'),
    { type: 'boolean', value: false },
    { type: 'none' },
    { type: 'tuple', items: [whole('1')] },
    { type: 'mapping', ordered: true, entries: [[text('UB Matrix'), whole('1')]] },
  ])('gives back an untouched value of %j', (value) => {
    expect(edit(value, fieldText(value, editorFor(value)))).toEqual({ value })
  })

  it('keeps a text a text, whatever is written', () => {
    expect(edit(text('a'), 'hello, world')).toEqual({ value: text('hello, world') })
    expect(edit(text('a'), '5')).toEqual({ value: text('5') })
    expect(edit(text('a'), '')).toEqual({ value: text('') })
  })

  it('keeps a decimal number decimal and says when a whole number becomes one', () => {
    expect(edit(decimal('0.5'), '1')).toEqual({ value: decimal('1.0') })
    expect(edit(whole('5'), '0.5')).toEqual({
      value: decimal('0.5'),
      remark: 'Becomes a decimal number; the script has a whole number.',
    })
  })

  it('refuses what is no number in words', () => {
    expect(edit(whole('5'), 'abc')).toEqual({ fault: '“abc” is not a number; write digits such as 5 or 0.5.' })
    expect(edit(whole('5'), ' ')).toEqual({ fault: 'A number is missing. Write None if there is to be none.' })
    expect(edit(decimal('5.0'), 'nan')).toEqual({
      fault: '“nan” is not a finite number, and no variable may hold one.',
    })
  })

  it('reads lists as literals, points at the mistake and keeps an ordered mapping ordered', () => {
    expect(edit({ type: 'list', items: [] }, '[1, x]')).toMatchObject({ at: 4 })
    expect(edit({ type: 'mapping', ordered: true, entries: [] }, "{'a': 1}")).toEqual({
      value: { type: 'mapping', ordered: true, entries: [[text('a'), whole('1')]] },
    })
    expect(edit({ type: 'none' }, '5')).toEqual({ value: whole('5') })
  })

  it('any value can be written as Python, with a remark where its type changes', () => {
    expect(parseField(text('a'), 'python', 'None')).toEqual({
      value: { type: 'none' },
      remark: 'Becomes None; the script has a text.',
    })
  })

  it('shows short values without quotes unless they would be mistaken', () => {
    expect(shortValue(text('dSpacing'))).toBe('dSpacing')
    expect(shortValue(text('hello, world'))).toBe('hello, world')
    expect(shortValue(text('1'))).toBe("'1'")
    expect(shortValue(text('None'))).toBe("'None'")
    expect(shortValue(text(''))).toBe("''")
    expect(shortValue({ type: 'boolean', value: true })).toBe('on')
  })
})
