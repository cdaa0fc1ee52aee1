import type { z } from 'zod'
import { nearestName } from '#domain/nearest-name.ts'

type Issue = z.core.$ZodIssue

/** What a field must be, in words, where zod's own sentence would not help the person who wrote it. */
const expectations: Readonly<Record<string, string>> = {
  instrument: 'the name of an instrument, such as "ENGINX"',
  runs: 'a list of run numbers such as [1, 2], one number, or text such as "1-5, 7"; a run number is a whole number from 1 to 999999999',
  variables: 'an object {"name": value}, or {"standard_vars": {…}, "advanced_vars": {…}}',
  script:
    'the text of a reduce.py, {"from": "current"}, {"from": "reduction", "reductionId": 12} or {"from": "text", "text": "…"}',
  software: 'an object such as {"name": "Mantid", "version": "6.13"}',
  description: 'text of at most 2000 characters',
  lastRun: 'a whole number from 0 to 999999999',
  batch: 'true or false',
  held: '"run" or "skip"',
  class: '"fresh", "rerun" or "bulk"',
  source:
    'an object: {"kind": "experiment", "rbNumber": 1920234} with the seven digits of an RB number, or {"kind": "start-run", "startRun": 44733}',
  revision: 'the revision of the configuration as you saw it, a whole number',
  choice: '"submit", "set-cursor" or "dismiss"',
}

const shown = (path: readonly PropertyKey[]): string => path.map(String).join('.')

const valueAt = (input: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    input,
  )

/** “There is no parameter “limitt” here. Did you mean “limit”? There are: …” */
export const unknownNames = (what: string, given: readonly string[], known: readonly string[]): string => {
  const [first = ''] = given
  const nearest = nearestName(first, known)
  const meant = nearest === undefined ? '' : ` Did you mean “${nearest}”?`
  const list =
    known.length === 0 ? 'There are none.' : `There ${known.length === 1 ? 'is' : 'are'}: ${known.join(', ')}.`
  return `There is no ${what} “${first}” here.${meant} ${list}`
}

export type Refused = {
  readonly issues: readonly Issue[]
  /** What was given. */
  readonly input: unknown
  readonly where: 'query' | 'param' | 'header' | 'json'
}

const sentenceOf = (issue: Issue, { input, where }: Refused): string => {
  const name = shown(issue.path)
  // Sentences of our own come whole.
  if (issue.code === 'custom' || issue.code === 'unrecognized_keys') return issue.message
  if (where === 'query' && Array.isArray(valueAt(input, issue.path))) return `“${name}” is given more than once.`
  if (where !== 'json') return `“${name}” is not understood: ${issue.message}.`
  if (issue.path.length === 0) return 'The body must be a JSON object, such as {"instrument": "ENGINX", "runs": "1-5"}.'
  const field = String(issue.path[0])
  const expected = expectations[field]
  if (valueAt(input, issue.path.slice(0, 1)) === undefined) {
    return `“${field}” is missing${expected === undefined ? '.' : `: ${expected}.`}`
  }
  return expected === undefined
    ? `“${name}” is not understood: ${issue.message}.`
    : `“${name}” is not understood. Expected is ${expected}.`
}

/** The first thing that is wrong with a request, as a sentence for whoever wrote it. */
export const sayWhatIsWrong = (refused: Refused): string => {
  const [first] = refused.issues
  return first ? sentenceOf(first, refused) : 'The request is not understood.'
}
