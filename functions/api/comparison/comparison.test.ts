import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ResultFile } from '#contracts/api.ts'
import type { Hunk } from '#contracts/comparison.ts'
import type { Variable, VariableValue } from '#domain/variables.ts'
import { compareInputs, compareModules, compareOutputs } from './compare-files.ts'
import { compareScripts, type ScriptFile } from './compare-scripts.ts'
import { compareVariables } from './compare-variables.ts'
import { diffLines, usualDiffLimits } from './diff-lines.ts'

describe('variables', () => {
  const variable = (name: string, value: VariableValue, group: 'standard' | 'advanced' = 'standard'): Variable => ({
    group,
    name,
    value,
  })
  const one: VariableValue = { type: 'integer', value: '1' }

  it('are changed, added, removed or the same; types count', () => {
    const float: VariableValue = { type: 'float', value: '1.0' }
    const left = [variable('a', one), variable('b', one), variable('gone', one), variable('x', one)]
    const right = [variable('b', float), variable('a', one), variable('new', one), variable('x', one, 'advanced')]
    expect(compareVariables(left, right)).toEqual([
      { group: 'standard', name: 'a', change: 'same', left: one, right: one },
      { group: 'standard', name: 'b', change: 'changed', left: one, right: float },
      { group: 'standard', name: 'gone', change: 'removed', left: one },
      { group: 'standard', name: 'x', change: 'removed', left: one },
      { group: 'standard', name: 'new', change: 'added', right: one },
      { group: 'advanced', name: 'x', change: 'added', right: one },
    ])
  })
})

const signed = (hunks: readonly Hunk[] | undefined): readonly string[] | undefined =>
  hunks?.map(({ lines }) =>
    lines.map(({ left, right, text }) => `${left === null ? '+' : right === null ? '-' : ' '}${text}`).join('|'),
  )

describe('lines', () => {
  const diff = (left: string, right: string) => diffLines(left, right, usualDiffLimits)

  it('are shown with their surroundings and their numbers', () => {
    const left = 'a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n'
    expect(signed(diff(left, left.replace('b\n', 'B\n').replace('j\n', '')))).toEqual([
      ' a|-b|+B| c| d| e',
      ' g| h| i|-j| k',
    ])
    expect(diff('a\nb\n', 'a\nx\nb\n')?.[0]?.lines).toEqual([
      { left: 1, right: 1, text: 'a' },
      { left: null, right: 2, text: 'x' },
      { left: 2, right: 3, text: 'b' },
    ])
  })

  it('of differences near each other are one piece', () => {
    expect(signed(diff('a\n1\n2\n3\n4\n5\nb\n', 'A\n1\n2\n3\n4\n5\nB\n'))).toEqual(['-a|+A| 1| 2| 3| 4| 5|-b|+B'])
  })

  it('tell a line feed that is missing at the end, and nothing of what is the same', () => {
    expect(signed(diff('a\n', 'a'))).toEqual(['-a|+a ⏎ missing at the end'])
    expect(diff('', '')).toEqual([])
    expect(signed(diff('', 'a\n'))).toEqual(['+a'])
  })

  it('give both texts back', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', '', '  d'), { maxLength: 12 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''))
    fc.assert(
      fc.property(text, text, (left, right) => {
        const hunks = diffLines(left, right, { timeoutMs: 5_000, contextLines: 100 }) ?? []
        const side = (name: 'left' | 'right') =>
          hunks
            .flatMap(({ lines }) => lines.flatMap((line) => (line[name] === null ? [] : [`${line.text}\n`])))
            .join('')
        if (left === right) expect(hunks).toEqual([])
        else expect([side('left'), side('right')]).toEqual([left, right])
        const shown = diffLines(left, right, { timeoutMs: 5_000, contextLines: 1 }) ?? []
        const numbers = shown.flatMap(({ lines }) => lines.flatMap((line) => line.left ?? []))
        expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other))
      }),
    )
  })

  it('are not compared for ever', () => {
    const unlike = (sign: string) => Array.from({ length: 20_000 }, (_, place) => `${sign}${place}`).join('\n')
    const began = performance.now()
    expect(diffLines(unlike('a'), unlike('b'), { timeoutMs: 50, contextLines: 3 })).toBeUndefined()
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})

describe('scripts', () => {
  const file = (name: string, text: string): ScriptFile => ({
    name,
    text,
    base64: Buffer.from(text).toString('base64'),
  })

  it('are compared file by file', () => {
    const left = [file('reduce.py', 'a\n'), file('reduce_vars.py', 'x\n'), file('old.py', 'o\n')]
    const right = [file('reduce.py', 'b\n'), file('reduce_vars.py', 'x\n'), file('new.py', 'n\n')]
    expect(
      compareScripts(left, right, usualDiffLimits).map(({ name, change, note, hunks }) => [
        name,
        change,
        note,
        signed(hunks),
      ]),
    ).toEqual([
      ['reduce.py', 'changed', null, ['-a|+b']],
      ['reduce_vars.py', 'same', null, []],
      ['old.py', 'removed', null, ['-o']],
      ['new.py', 'added', null, ['+n']],
    ])
  })

  it('say why lines are not shown', () => {
    const notes = (left: ScriptFile, right: ScriptFile) => compareScripts([left], [right], usualDiffLimits)[0]?.note
    expect(notes(file('a', 'x\r\ny\r\n'), file('a', 'x\ny\n'))).toMatch(/^Only the line ends differ/)
    expect(notes(file('a', 'x'), { name: 'a', base64: '/w==', text: null })).toMatch(/is not UTF-8/)
    const long = file('a', 'x\n'.repeat(11_000))
    expect(compareScripts([long], [], usualDiffLimits)[0]?.note).toBe('There are more differences than are shown.')
    const unlike = (sign: string) =>
      file('a', Array.from({ length: 20_000 }, (_, place) => `${sign}${place}`).join('\n'))
    expect(compareScripts([unlike('a')], [unlike('b')], { timeoutMs: 20, contextLines: 3 })[0]?.note).toMatch(
      /differ so much/,
    )
  })
})

describe('inputs', () => {
  const input = (path: string, sizeBytes: number | null = 5, modifiedAt: string | null = '2026-11-22T00:00:00Z') => ({
    path,
    sizeBytes,
    modifiedAt,
  })

  it('are the same only where size and time are known to be', () => {
    const changes = (left: ReturnType<typeof input>[], right: ReturnType<typeof input>[]) =>
      compareInputs(left, right).map(({ change }) => change)
    expect(changes([input('a')], [input('a')])).toEqual(['same'])
    expect(changes([input('a')], [input('a', 6)])).toEqual(['changed'])
    expect(changes([input('a')], [input('a', 5, null)])).toEqual(['unknown'])
    expect(changes([input('a', null)], [input('a', null, '2026-11-23T00:00:00Z')])).toEqual(['changed'])
    expect(changes([input('a')], [input('b')])).toEqual(['changed'])
    expect(changes([input('a'), input('b')], [input('b')])).toEqual(['same', 'removed'])
    expect(changes([], [input('b')])).toEqual(['added'])
  })
})

describe('outputs', () => {
  const file = (path: string, sizeBytes = 1): ResultFile => ({ path, sizeBytes, mediaType: 'image/png', plot: 'image' })
  const side = (run: number, paths: readonly ResultFile[], stem = `MARI${run}`) => ({
    files: paths,
    own: { stems: [stem], target: String(run), runNumbers: [run] },
  })

  it('of two runs go together by what they are called beside their run', () => {
    const left = side(123, [
      file('MARI123_bank1.png'),
      file('MARI123.nxs', 10),
      file('reduction_log/RB_1_Run_123_Script.out'),
    ])
    const right = side(1234, [
      file('MARI1234_bank1.png'),
      file('MARI1234.nxs', 11),
      file('reduction_log/RB_1_Run_1234_Script.out'),
    ])
    expect(compareOutputs(left, right).map(({ name, change }) => [name, change])).toEqual([
      ['reduction_log/RB_1_Run_{run}_Script.out', 'same-size'],
      ['{run}.nxs', 'changed'],
      ['{run}_bank1.png', 'same-size'],
    ])
  })

  it('never take another run’s number for their own', () => {
    const left = side(123, [file('MARI1234_a.png'), file('MARI123_a.png')])
    expect(compareOutputs(left, side(123, [])).map(({ name }) => name)).toEqual(['MARI1234_a.png', '{run}_a.png'])
  })

  it('know a run number with its zeros', () => {
    const left = side(241391, [file('ENGINX00241391.json')], 'ENGINX00241391')
    const right = side(299080, [file('ENGINX00299080.json')], 'ENGINX00299080')
    expect(compareOutputs(left, right)).toMatchObject([{ name: '{run}.json', left: { path: 'ENGINX00241391.json' } }])
  })

  it('keep their own paths where one name would stand for two', () => {
    const left = side(123, [file('MARI123.png'), file('123.png')])
    expect(compareOutputs(left, side(124, [file('MARI124.png')])).map(({ name, change }) => [name, change])).toEqual([
      ['123.png', 'removed'],
      ['MARI123.png', 'removed'],
      ['{run}.png', 'added'],
    ])
  })
})

describe('modules', () => {
  it('are told by version', () => {
    expect(compareModules({ numpy: '2.0', h5py: '3' }, { numpy: '2.1', scipp: '26' })).toEqual([
      { name: 'h5py', change: 'removed', left: '3', right: null },
      { name: 'numpy', change: 'changed', left: '2.0', right: '2.1' },
      { name: 'scipp', change: 'added', left: null, right: '26' },
    ])
  })
})
