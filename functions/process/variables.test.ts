import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sameValue, type VariableValue } from '#domain/variables.ts'
import { runRunner } from './test-support.ts'

/** A value with the text by which Python itself is told of it. */
type Told = { readonly value: VariableValue; readonly literal: string }

const pythonString = (text: string): string => JSON.stringify(text).replaceAll('\u007f', '\\u007f')

const floatLiteral = (number: number): string => {
  const text = Object.is(number, -0) ? '-0.0' : String(number)
  return /^-?[0-9]+$/.test(text) ? `${text}.0` : text
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }),
)
const key = fc.oneof(
  text.map((value): Told => ({ value: { type: 'string', value }, literal: pythonString(value) })),
  fc.maxSafeInteger().map((value): Told => ({ value: { type: 'integer', value: `${value}` }, literal: `${value}` })),
)
const leaf: fc.Arbitrary<Told> = fc.oneof(
  key,
  fc
    .bigInt({ min: -(10n ** 220n), max: 10n ** 220n })
    .map((value): Told => ({ value: { type: 'integer', value: `${value}` }, literal: `${value}` })),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value): Told => ({ value: { type: 'float', value: floatLiteral(value) }, literal: floatLiteral(value) })),
  fc.boolean().map((value): Told => ({ value: { type: 'boolean', value }, literal: value ? 'True' : 'False' })),
  fc.constant<Told>({ value: { type: 'none' }, literal: 'None' }),
)
const tree = fc.letrec<{ value: Told }>((tie) => {
  const items = fc.array(tie('value'), { maxLength: 4 })
  const entries = fc.uniqueArray(fc.tuple(key, tie('value')), { maxLength: 4, selector: ([name]) => name.literal })
  return {
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      items.map((all): Told => ({
        value: { type: 'list', items: all.map(({ value }) => value) },
        literal: `[${all.map(({ literal }) => literal).join(', ')}]`,
      })),
      items.map((all): Told => ({
        value: { type: 'tuple', items: all.map(({ value }) => value) },
        literal: `(${all.map(({ literal }) => `${literal},`).join(' ')})`,
      })),
      fc.tuple(entries, fc.boolean()).map(([all, ordered]): Told => {
        const pairs = all.map(([name, told]) => `(${name.literal}, ${told.literal})`).join(', ')
        return {
          value: { type: 'mapping', ordered, entries: all.map(([name, told]) => [name.value, told.value] as const) },
          literal: `${ordered ? 'OrderedDict' : 'dict'}([${pairs}])`,
        }
      }),
    ),
  }
}).value

/** Floats by their number: Python and JavaScript write the same one differently. */
const normal = (value: VariableValue): VariableValue => {
  switch (value.type) {
    case 'float':
      return { type: 'float', value: floatLiteral(Number(value.value)) }
    case 'list':
    case 'tuple':
      return { ...value, items: value.items.map(normal) }
    case 'mapping':
      return { ...value, entries: value.entries.map(([name, item]) => [normal(name), normal(item)] as const) }
    case 'string':
    case 'integer':
    case 'boolean':
    case 'none':
      return value
  }
}

const declaration = (all: readonly Told[]): string =>
  `from collections import OrderedDict\nstandard_vars = {\n${all.map(({ literal }, place) => `    'v${place}': ${literal},\n`).join('')}}\n`

describe('a variable keeps its type and value', () => {
  test('from reduce_vars.py to typed JSON', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 40, maxLength: 60 }), async (all) => {
        const run = await runRunner({ 'reduce_vars.py': declaration(all) }, { mode: 'read-variables' })
        const { variables } = run.report('read')
        expect(variables.map(({ name }) => name)).toEqual(all.map((_, place) => `v${place}`))
        for (const [place, told] of all.entries()) {
          const read = variables[place]?.value
          if (!read || !sameValue(normal(read), normal(told.value))) {
            throw new Error(`${told.literal} was read as ${JSON.stringify(read)}`)
          }
        }
      }),
      { numRuns: 15, endOnFailure: true },
    )
  })

  test('and back into the script, as Python’s own repr says', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tree, { minLength: 40, maxLength: 60 }), async (all) => {
        const run = await runRunner(
          {
            'original.py': declaration(all),
            'reduce_vars.py': `standard_vars = {'v%d' % place: None for place in range(${all.length})}`,
            'reduce.py': `import original
def main(input_file, output_dir):
    for name, value in original.standard_vars.items():
        given = web_var.standard_vars[name]
        if repr(given) != repr(value):
            raise ValueError('%r came as %r' % (value, given))`,
          },
          { given: all.map(({ value }, place) => ({ name: `v${place}`, typed: normalText(value) })) },
        )
        expect(run.report('returned').kind).toBe('returned')
        const effective = run.report('variables').variables
        for (const [place, told] of all.entries()) {
          const value = effective[place]?.value
          expect(value && sameValue(normal(value), normal(told.value))).toBe(true)
        }
      }),
      { numRuns: 15, endOnFailure: true },
    )
  })

  /** Typed JSON has no plus sign in an exponent. */
  const normalText = (value: VariableValue): VariableValue =>
    JSON.parse(JSON.stringify(value, (_, part: unknown) => withoutPlus(part))) as VariableValue
  const withoutPlus = (part: unknown): unknown =>
    typeof part === 'object' && part !== null && 'type' in part && part.type === 'float' && 'value' in part
      ? { ...part, value: String(part.value).replace('e+', 'e') }
      : part
})

describe('what users complained about', () => {
  const read = async (source: string) => await runRunner({ 'reduce_vars.py': source }, { mode: 'read-variables' })
  const refusal = async (source: string) => (await read(source)).report('fault').fault

  test('False, commas, quotes, spaces, hyphens and numbers as text stay what they are, with their help', async () => {
    const run =
      await read(`standard_vars = {'do it': False, 'greeting': 'hello, world', 'bkgd-range-min': '1', 'q': 'it\\'s "so"'}
advanced_vars = {'UB Matrix': [[1, 0.5], [None, True]]}
variable_help = {'standard_vars': {'do it': 'Whether to do it.', 'q': 3}, 'advanced_vars': 'none'}`)
    expect(run.report('read').variables).toEqual([
      { group: 'standard', name: 'do it', value: { type: 'boolean', value: false }, help: 'Whether to do it.' },
      { group: 'standard', name: 'greeting', value: { type: 'string', value: 'hello, world' } },
      { group: 'standard', name: 'bkgd-range-min', value: { type: 'string', value: '1' } },
      { group: 'standard', name: 'q', value: { type: 'string', value: 'it\'s "so"' } },
      {
        group: 'advanced',
        name: 'UB Matrix',
        value: {
          type: 'list',
          items: [
            {
              type: 'list',
              items: [
                { type: 'integer', value: '1' },
                { type: 'float', value: '0.5' },
              ],
            },
            { type: 'list', items: [{ type: 'none' }, { type: 'boolean', value: true }] },
          ],
        },
      },
    ])
  })

  test('a script without variables has none', async () => {
    const without = await runRunner({ 'reduce.py': '' }, { mode: 'read-variables' })
    expect(without.report('read').variables).toEqual([])
    expect((await read('')).report('read').variables).toEqual([])
    expect((await read('standard_vars = None\nadvanced_vars = {}')).report('read').variables).toEqual([])
  })

  test.for([
    ["{'gain': float('nan')}", /^“gain” is NaN/],
    ["{'a': 1, 'limit': [1, float('-inf')]}", /^“limit” is infinite/],
    ["{'mask': {1, 2}}", /^“mask” is a set, which has no order; write it as a list\.$/],
    ["{'raw': b'x'}", /^“raw” is of type bytes; write it as text\.$/],
    ["{'z': 1j}", /^“z” is of type complex; a variable can be text, a number/],
    ["{'f': len}", /^“f” is of type builtin_function_or_method/],
    ["{'s': '\\ud800'}", /^“s” contains half of a character/],
    ["{7: 'x'}", /^“7” has a name that is not text/],
    ["{'__proto__': 1}", /^“__proto__” has a name that web pages cannot carry/],
    ["{'runs': range(3)}", /^“runs” is of type range, which was a list in Python 2; write it as list\(\.\.\.\)\.$/],
    ["{'': 'x'}", /^“” has a name that is empty/],
    ["{'a': float('nan'), 'b': {1}}", /^“a” is NaN.*“b” is a set/],
  ] as const)('%s is refused in words that name it', async ([value, message]) => {
    const fault = await refusal(`standard_vars = ${value}`)
    expect(fault.kind).toBe('bad-variables')
    expect(fault.message).toMatch(message)
  })

  test('a list that contains itself is refused', async () => {
    expect((await refusal('a = []\na.append(a)\nstandard_vars = {"a": a}')).message).toContain('contains itself')
  })

  test('a file that raises or prints is told of its own lines', async () => {
    const run = await read('print("loading")\nimport nothing_of_the_kind\n')
    expect(run.report('fault').fault).toMatchObject({ kind: 'missing-module' })
    expect(run.log).toContain('loading')
  })

  test('a run is not refused for a default that cannot be recorded: the script may know what to do with it', async () => {
    const run = await runRunner({
      'reduce_vars.py': "standard_vars = {'gain': float('nan'), 'n': 1}",
      'reduce.py': 'def main(a, b): print(web_var.standard_vars)',
    })
    expect(run.log).toBe("{'gain': nan, 'n': 1}\n")
    expect(run.report('variables').unrepresentable).toEqual([
      { group: 'standard', variable: 'gain', fault: expect.stringContaining('is NaN') },
    ])
  })

  test('nor for variables that are too many or too large to be recorded', async () => {
    const run = await runRunner({
      'reduce_vars.py': `standard_vars = {'n': 1, 'mask': 'x' * 70_000_000}
advanced_vars = {'v%i' % i: i for i in range(300_000)}`,
      'reduce.py': `def main(a, b): print(len(web_var.standard_vars['mask']), len(web_var.advanced_vars))`,
    })
    expect(run.log).toBe('70000000 300000\n')
    const { variables, unrepresentable } = run.report('variables')
    expect(variables[0]).toMatchObject({ name: 'n' })
    expect(unrepresentable[0]).toMatchObject({
      variable: 'mask',
      fault: expect.stringMatching(/^is too large \(66\.8 MB\)/),
    })
    expect(unrepresentable).toHaveLength(1000)
    expect(run.report('returned')).toBeDefined()
  })

  test('an integer of ten thousand digits survives', async () => {
    const digits = '7'.repeat(10_000)
    const run = await runRunner(
      {
        'reduce_vars.py': "standard_vars = {'n': 1}",
        'reduce.py': `def main(a, b): print(web_var.standard_vars['n'] == 7 * (10 ** 10000 - 1) // 9)`,
      },
      { given: [{ name: 'n', typed: { type: 'integer', value: digits } }] },
    )
    expect(run.log).toBe('True\n')
    expect(run.report('variables').variables[0]?.value).toEqual({ type: 'integer', value: digits })
  })
})
