import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { faultOfArguments, listGivenArguments, typedByDeclared } from '#contracts/given-arguments.ts'
import { givenVariablesSchema } from '#contracts/submission.ts'
import { givenArgumentsSchema, variablesSchema } from '#contracts/variables.ts'
import { misfitOf, type VariableType } from '#domain/variable-fits.ts'
import { printPython } from '#domain/print-python.ts'
import { sameValue, type Variable, type VariableValue } from '#domain/variables.ts'
import { runRunner } from '../../functions/process/test-support.ts'
import { editorFor, fieldText, parseField } from '../../web/src/variables/fields.ts'
import { parsePython } from '../../web/src/variables/parse-python.ts'
import { submittedVariables } from '../../web/src/variables/submitted-variables.ts'

/** Python sources of values, in the spellings that people use. */
const digits = fc.bigInt({ min: -(10n ** 220n), max: 10n ** 220n })
const integers = fc.oneof(
  digits.map(String),
  fc.integer().map((value) => (value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`)),
  fc.constantFrom('0', '-0', '1_000_000', '0b101', '0o17', '9007199254740993', '-9223372036854775809'),
)
const floats = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => {
    const text = Object.is(value, -0) ? '-0.0' : String(value)
    return /^-?[0-9]+$/.test(text) ? `${text}.0` : text
  }),
  fc.constantFrom('-0.0', '1e22', '1e16', '123456789012345.6', '5e-324', '1.7976931348623157e308', '.5', '1.', '1E-3'),
  fc.constantFrom('0.1 + 0.2', '1 / 3', '2.0 ** 70', '1e-05', '0.1234567890123456789012345678901234567890'),
)
const pythonText = (text: string): string =>
  `'${[...text].map((one) => (/[ -&(-[\]-~]/.test(one) ? one : `\\U${(one.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`)).join('')}'`
const strings = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }).map(pythonText),
  fc.string({ unit: 'binary', maxLength: 10 }).map(pythonText),
  fc.constantFrom(
    `'hello, world'`,
    `'1'`,
    `'False'`,
    `'None'`,
    `'nan'`,
    `"it's"`,
    `'"so"'`,
    `'''it's "both"\nand more'''`,
    `r'\\\\isis\\inst$\\NDX'`,
    `'a\\tb\\rc\\r\\nd\\x00\\x1b'`,
    `'UB ' 'Matrix'`,
    `'µ' * 3`,
    `'😀'`,
    `'\\N{DEGREE SIGN}'`,
    `' padded '`,
    `'\\u2028'`,
    `'{}'.format(1)`,
  ),
)
const keys = fc.oneof(strings, integers, floats, fc.constantFrom('None', 'True', '(1, 2)', `('a', (1.5,))`, '()'))
const sources = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    strings,
    integers,
    floats,
    fc.constantFrom('True', 'False', 'None', '[]', '()', '{}', 'OrderedDict()', '[[], [[]]]', '(1,)', 'not 1'),
    fc.array(tie('value'), { maxLength: 4 }).map((all) => `[${all.join(', ')}]`),
    fc.array(tie('value'), { maxLength: 4 }).map((all) => `(${all.map((one) => `${one},`).join(' ')})`),
    fc
      .array(fc.tuple(keys, tie('value')), { maxLength: 4 })
      .map((all) => `{${all.map(([key, value]) => `${key}: ${value}`).join(', ')}}`),
    fc
      .array(fc.tuple(keys, tie('value')), { maxLength: 4 })
      .map((all) => `OrderedDict([${all.map(([key, value]) => `(${key}, ${value})`).join(', ')}])`),
  ),
})).value

const names = fc.uniqueArray(
  fc.oneof(
    // `__proto__` is refused where the file is read: pages and parsers drop it.
    fc.constantFrom('UB Matrix', 'bkgd-range-min', 'é', 'constructor', '1', 'a.b', 'standard_vars'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((name) => name !== '__proto__'),
  ),
  { minLength: 40, maxLength: 50 },
)

const original = (all: readonly (readonly [string, string])[]): string =>
  `from collections import OrderedDict\nstandard_vars = {\n${all.map(([name, source]) => `    ${pythonText(name)}: ${source},\n`).join('')}}\n`

/** Names that a request reads as groups are given in their group. */
const asked = (given: readonly { readonly variable: Variable; readonly value: VariableValue }[]): unknown => {
  const flat = submittedVariables(given)
  return given.some(({ variable }) => /^(standard|advanced)_vars$/.test(variable.name)) ? { standard_vars: flat } : flat
}

describe('a value survives from the file over the form into the script', () => {
  it('with Python as the judge, whether it is left alone or written anew', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        names.chain((all) => fc.tuple(...all.map((name) => fc.tuple(fc.constant(name), sources)))),
        fc.boolean(),
        async (declared, isRewritten) => {
          const read = await runRunner({ 'reduce_vars.py': original(declared) }, { mode: 'read-variables' })
          // As the database and the API hand it on.
          const variables = variablesSchema.parse(JSON.parse(JSON.stringify(read.report('read').variables)))
          expect(variables.map(({ name }) => name)).toEqual(declared.map(([name]) => name))
          const filled = variables.map((variable) => {
            const editor = isRewritten ? 'python' : editorFor(variable.value, variable.name)
            const answer = parseField(variable.value, editor, fieldText(variable.value, editor))
            if ('fault' in answer) throw new Error(`${variable.name}: ${answer.fault}`)
            if (!isRewritten) return { variable, value: answer.value }
            const written = parsePython(printPython(variable.value))
            if ('fault' in written) throw new Error(`${printPython(variable.value)}: ${written.fault}`)
            expect(sameValue(written.value, variable.value), printPython(variable.value)).toBe(true)
            return { variable, value: written.value }
          })
          const body: unknown = JSON.parse(JSON.stringify(asked(filled)))
          const given = listGivenArguments(givenVariablesSchema.parse(body))
          expect(faultOfArguments(given)).toBeUndefined()
          const typed = typedByDeclared(given, variables)
          expect(typed.faults).toEqual([])
          const stored = givenArgumentsSchema.parse(JSON.parse(JSON.stringify(typed.arguments)))
          const run = await runRunner(
            {
              'original.py': original(declared),
              'reduce_vars.py': `standard_vars = dict.fromkeys(__import__('original').standard_vars)`,
              'reduce.py': `import original
def main(input_file, output_dir):
    for name, value in original.standard_vars.items():
        given = web_var.standard_vars[name]
        if repr(given) != repr(value):
            raise ValueError('%r came as %r' % (value, given))
    print(len(original.standard_vars), 'are the same')`,
            },
            { given: stored },
          )
          expect(run.log).toContain(`${declared.length} are the same`)
        },
      ),
      { numRuns: 12, endOnFailure: true },
    )
  })

  it('also where it is long or deep', { timeout: 120_000 }, async () => {
    const source = `standard_vars = {'long': 'µ' * 500000, 'deep': ${'['.repeat(60)}1${']'.repeat(60)}, 'wide': list(range(20000))}`
    const read = await runRunner({ 'reduce_vars.py': source }, { mode: 'read-variables' })
    const { variables } = read.report('read')
    expect(variables[0]?.value).toEqual({ type: 'string', value: 'µ'.repeat(500_000) })
    for (const { value } of variables) {
      const written = parsePython(printPython(value))
      expect('value' in written && sameValue(written.value, value)).toBe(true)
    }
  })
})

describe('whether a configured value still fits', () => {
  it('is decided alike here and where the script runs', { timeout: 120_000 }, async () => {
    const samples: Readonly<Record<VariableType, readonly [VariableValue, string]>> = {
      string: [{ type: 'string', value: 'a' }, `'b'`],
      integer: [{ type: 'integer', value: '1' }, '2'],
      float: [{ type: 'float', value: '1.5' }, '2.5'],
      boolean: [{ type: 'boolean', value: true }, 'False'],
      none: [{ type: 'none' }, 'None'],
      list: [{ type: 'list', items: [] }, '[1]'],
      tuple: [{ type: 'tuple', items: [] }, '(1,)'],
      mapping: [{ type: 'mapping', ordered: false, entries: [] }, `{'a': 1}`],
    }
    const types = Object.keys(samples) as VariableType[]
    const cases = types.flatMap((mine) => types.flatMap((then) => types.map((now) => ({ mine, then, now }))))
    const run = await runRunner(
      {
        'reduce_vars.py': `standard_vars = {\n${cases.map(({ now }, place) => `'v${place}': ${samples[now][1]},\n`).join('')}}`,
        'reduce.py': 'def main(a, b): pass',
      },
      {
        given: cases.map(({ mine, then }, place) => ({
          name: `v${place}`,
          typed: samples[mine][0],
          declaredType: then,
          from: { kind: 'start-run', startRun: 1 },
        })),
      },
    )
    const { variables, leftOut } = run.report('variables')
    const expected = cases.flatMap(({ mine, then }, place) => {
      // What the runner had left out is still the script's own: its type is what is judged.
      const declared = samples[cases[place]?.now ?? 'none'][0]
      const reason = misfitOf({ value: samples[mine][0], declaredType: then }, declared)
      return reason === undefined ? [] : [[`v${place}`, reason]]
    })
    expect(leftOut.map(({ name, reason }) => [name, reason])).toEqual(expected)
    expect(variables).toHaveLength(cases.length)
  })
})
