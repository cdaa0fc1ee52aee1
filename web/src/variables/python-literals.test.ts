import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { floatText } from '#domain/float-text.ts'
import { sameValue, type VariableValue } from '#domain/variables.ts'
import { variableValueSchema } from '#contracts/variables.ts'
import { parseNumber } from './numbers.ts'
import { parsePython } from './parse-python.ts'
import { printPython } from '#domain/print-python.ts'

const scalars = fc.oneof(
  fc.string({ unit: 'grapheme' }).map((value): VariableValue => ({ type: 'string', value })),
  fc.bigInt().map((value): VariableValue => ({ type: 'integer', value: String(value) })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value): VariableValue => ({ type: 'float', value: floatText(value) })),
  fc.boolean().map((value): VariableValue => ({ type: 'boolean', value })),
  fc.constant<VariableValue>({ type: 'none' }),
)
const valuesWith = (keys: fc.Arbitrary<VariableValue>): fc.Arbitrary<VariableValue> =>
  fc.letrec<{ values: VariableValue }>((tie) => ({
    values: fc.oneof(
      { depthSize: 'small' },
      scalars,
      fc.array(tie('values'), { maxLength: 4 }).map((items): VariableValue => ({ type: 'list', items })),
      fc.array(tie('values'), { maxLength: 4 }).map((items): VariableValue => ({ type: 'tuple', items })),
      fc
        .tuple(
          fc.boolean(),
          fc.uniqueArray(fc.tuple(keys, tie('values')), { maxLength: 4, selector: ([key]) => printPython(key) }),
        )
        .map(([ordered, entries]): VariableValue => ({ type: 'mapping', ordered, entries })),
    ),
  })).values
const values = valuesWith(scalars)
// Python takes 1, 1.0 and True for the same name; texts are told apart.
const valuesWithTextNames = valuesWith(fc.string().map((value): VariableValue => ({ type: 'string', value })))

const fault = (text: string): string => {
  const answer = parsePython(text)
  return 'fault' in answer ? answer.fault : `no fault: ${printPython(answer.value)}`
}

describe('Python literals', () => {
  it('come back unchanged from their text', () => {
    fc.assert(
      fc.property(values, (value) => {
        const answer = parsePython(printPython(value))
        expect('value' in answer && sameValue(answer.value, value), printPython(value)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('never throw and always point into the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'[](){}:,\'"\\ 1e.-+_TrueNonexf#\n') }), (text) => {
        const answer = parsePython(text)
        if ('fault' in answer) expect(answer.at).toBeLessThanOrEqual(text.length)
        else expect(variableValueSchema.safeParse(answer.value).success).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('mean in Python what they mean here', () => {
    const samples = fc.sample(valuesWithTextNames, 200).map(printPython)
    const script =
      'import ast,json,sys\nfrom collections import OrderedDict\nfor t in json.load(sys.stdin):\n  v=eval(t,{"OrderedDict":OrderedDict}); print(json.dumps(repr(v)))'
    const printed = execFileSync('python3', ['-c', script], { input: JSON.stringify(samples), encoding: 'utf8' })
    const lines = printed.trim().split('\n')
    expect(lines).toHaveLength(samples.length)
    for (const [place, line] of lines.entries()) {
      const repr: unknown = JSON.parse(line)
      const ours = parsePython(samples[place] ?? '')
      const theirs = parsePython(String(repr))
      expect('value' in ours && 'value' in theirs && sameValue(ours.value, theirs.value), samples[place]).toBe(true)
    }
  })

  it('with comments, line breaks, trailing commas and raw texts are read', () => {
    expect(parsePython('[1,  # first\n 2,\n]')).toEqual({
      value: {
        type: 'list',
        items: [
          { type: 'integer', value: '1' },
          { type: 'integer', value: '2' },
        ],
      },
    })
    expect(parsePython("r'C:\\new'")).toEqual({ value: { type: 'string', value: 'C:\\new' } })
    expect(parsePython('(1)')).toEqual({ value: { type: 'integer', value: '1' } })
    expect(parsePython("OrderedDict([('b', 1)])")).toMatchObject({ value: { type: 'mapping', ordered: true } })
  })

  it.each([
    ['true', 'Write True, as Python does, not true'],
    ['null', 'Write None, as Python does, not null'],
    ['hello', "“hello” stands without quotes: write 'hello' for a text"],
    ['1, 2', 'Several values need brackets around them: [1, 2] for a list, (1, 2) for a tuple'],
    ['[1, 2', 'The list that opens here is not closed: add ]'],
    ['[1 2]', 'A comma or ] is missing here'],
    ['{1, 2}', "A colon is missing here: write {'name': value}. For several values without names use a list [ ]"],
    ['nan', 'nan is not a finite number, and no variable may hold one'],
    ["'open", "The text that opens here is not closed: add '"],
    ["b'x'", 'Bytes (b before the quote) are not something a variable can hold'],
    ['007', 'Python refuses numbers that start with 0: write 7'],
    ['', 'A value is missing here'],
    ['1e999', '“1e999” is too large for a number'],
    ['5 apples', 'This is left over after the value'],
  ])('%s is refused: %s', (text, sentence) => {
    expect(fault(text)).toBe(sentence)
  })
})

describe('numbers', () => {
  it('print as Python’s repr does', () => {
    const samples = [
      0, -0, 1, 0.1, 1e16, 1e15, 123456789012345680, 1e-4, 1e-5, 1.5e-7, -2.5e100, 5e-324, 1.7976931348623157e308,
    ]
    const script = 'import json,sys\nfor t in json.load(sys.stdin): print(repr(float(t)).replace("e+","e"))'
    const texts = samples.map((sample) => (Object.is(sample, -0) ? '-0.0' : String(sample)))
    const printed = execFileSync('python3', ['-c', script], { input: JSON.stringify(texts), encoding: 'utf8' })
    expect(samples.map(floatText)).toEqual(printed.trim().split('\n'))
  })

  it('of any length stay exact', () => {
    const digits = '9'.repeat(200)
    expect(parseNumber(` ${digits} `)).toEqual({ value: { type: 'integer', value: digits } })
    expect(parseNumber('-0012')).toEqual({ value: { type: 'integer', value: '-12' } })
    expect(parseNumber('.5')).toEqual({ value: { type: 'float', value: '0.5' } })
    expect(parseNumber('1_000')).toEqual({ value: { type: 'integer', value: '1000' } })
    expect(parseNumber('0,5')).toEqual({ fault: 'has a comma; write the decimal point as a full stop' })
  })
})
