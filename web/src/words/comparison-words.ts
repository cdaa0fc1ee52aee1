import type { Comparison } from '#contracts/comparison.ts'
import { describeRuns } from '#domain/run-ranges.ts'
import { durationWords } from '../time/durations.ts'
import { fullTime } from '../time/moments.ts'
import { shortValue } from '../variables/fields.ts'
import { limitName, limitValue } from './limit-words.ts'
import { countWords, numberWords, sizeWords } from './plain-words.ts'

/** One line of a table: the same thing on both sides. `differs` is undefined where that is not known. */
export type ComparedLine = {
  readonly name: string
  readonly left: string
  readonly right: string
  readonly differs: boolean | undefined
}

const unknown = 'not known'
const nothing = '–'

export const runsOf = (one: Comparison['left']): string => describeRuns(one.runNumbers)

/** What one side is called beside the other: by what tells them apart. */
export const sideWords = (one: Comparison['left'], other: Comparison['left']): string => {
  const isSameTarget = one.instrument === other.instrument && runsOf(one) === runsOf(other)
  if (isSameTarget) return `Version ${one.version}`
  return one.instrument === other.instrument
    ? `Run ${runsOf(one)}, version ${one.version}`
    : `${one.instrument} ${runsOf(one)}, version ${one.version}`
}

/** A comparison of two amounts: said only where both are known. */
const amounts = (
  name: string,
  left: number | null | undefined,
  right: number | null | undefined,
  words: (value: number) => string,
): ComparedLine => {
  if (left === null || left === undefined || right === null || right === undefined) {
    const wordsOf = (value: number | null | undefined): string => (typeof value === 'number' ? words(value) : unknown)
    return { name, left: wordsOf(left), right: wordsOf(right), differs: undefined }
  }
  // Rounded alike and yet not the same: the whole number tells.
  const exact = left !== right && words(left) === words(right) ? numberWords : words
  return { name, left: exact(left), right: exact(right), differs: left !== right }
}

const texts = (name: string, left: string | null | undefined, right: string | null | undefined): ComparedLine => ({
  name,
  left: left ?? unknown,
  right: right ?? unknown,
  differs: left == null || right == null ? undefined : left !== right,
})

export const variableLines = ({ variables }: Comparison): readonly ComparedLine[] =>
  variables.map(({ name, change, left, right }) => ({
    name,
    left: left ? shortValue(left) : nothing,
    right: right ? shortValue(right) : nothing,
    differs: change !== 'same',
  }))

export const softwareLines = ({ software, modules, host }: Comparison): readonly ComparedLine[] => {
  const label = (one: Comparison['software']['left']): string | null => one && `${one.name} ${one.version}`
  return [
    texts('Environment', label(software.left), label(software.right)),
    texts('Interpreter', software.left?.interpreter, software.right?.interpreter),
    texts('Host', host.left?.name, host.right?.name),
    texts('System', host.left?.system, host.right?.system),
    texts('Isolation', host.left?.isolation, host.right?.isolation),
    ...modules.map(({ name, change, left, right }) => ({
      name,
      left: left ?? nothing,
      right: right ?? nothing,
      differs: change !== 'same',
    })),
  ]
}

export const inputLines = ({ inputs }: Comparison): readonly ComparedLine[] =>
  inputs.flatMap(({ left, right, change }) => {
    const differs = change === 'unknown' ? undefined : change !== 'same'
    const path = {
      name: 'File',
      left: left?.path ?? nothing,
      right: right?.path ?? nothing,
      differs: left?.path !== right?.path,
    }
    const size = amounts('Size', left?.sizeBytes, right?.sizeBytes, sizeWords)
    const time = texts(
      'Changed',
      left?.modifiedAt && fullTime(left.modifiedAt),
      right?.modifiedAt && fullTime(right.modifiedAt),
    )
    return [{ ...path, differs: path.differs || differs }, size, time]
  })

export const timeLines = ({ timings, limits }: Comparison): readonly ComparedLine[] => [
  amounts('Waited', timings.left?.waitedSeconds, timings.right?.waitedSeconds, durationWords),
  amounts('Script ran', timings.left?.scriptSeconds, timings.right?.scriptSeconds, durationWords),
  amounts('Processor time', timings.left?.cpuSeconds, timings.right?.cpuSeconds, durationWords),
  amounts('Most memory', timings.left?.peakMemoryBytes, timings.right?.peakMemoryBytes, sizeWords),
  ...[...new Set([...Object.keys(limits.left ?? {}), ...Object.keys(limits.right ?? {})])].map((name) => {
    const left = limits.left?.[name]
    const right = limits.right?.[name]
    return {
      name: `${limitName(name)}, limit`,
      left: limitValue(name, left),
      right: limitValue(name, right),
      differs: left === undefined || right === undefined ? undefined : left !== right,
    }
  }),
]

const outputWords = {
  'same-size': 'same size',
  changed: 'other size',
  added: 'only right',
  removed: 'only left',
} as const
export const changeOfOutput = (change: Comparison['outputs'][number]['change']): string => outputWords[change]

/** What differs, in a few words each, by the section that tells more; times are always different and not counted. */
export const summaryOf = (comparison: Comparison): readonly { readonly section: string; readonly words: string }[] => {
  const count = (lines: readonly { readonly differs: boolean | undefined }[]): number =>
    lines.filter(({ differs }) => differs === true).length
  const variables = count(variableLines(comparison))
  const files = comparison.script.files.filter(({ change }) => change !== 'same')
  const software = count(softwareLines(comparison))
  const inputs = comparison.inputs.filter(({ change }) => change !== 'same' && change !== 'unknown').length
  const outputs = comparison.outputs.filter(({ change }) => change !== 'same-size').length
  return [
    { section: 'variables', words: variables === 0 ? '' : countWords(variables, 'variable') },
    {
      section: 'script',
      words:
        files.length === 0
          ? ''
          : files
              .map(({ name }) => name)
              .slice(0, 3)
              .join(', '),
    },
    { section: 'software', words: software === 0 ? '' : `software (${software})` },
    { section: 'inputs', words: inputs === 0 ? '' : countWords(inputs, 'input') },
    { section: 'outputs', words: outputs === 0 ? '' : countWords(outputs, 'output file') },
  ].filter(({ words }) => words !== '')
}
