import type { z } from 'zod'
import { valueFromJson, type Variable } from '#domain/variables.ts'
import type { givenVariablesSchema } from './submission.ts'
import { givenArgumentsSchema, variableTypeSchema, variableValueSchema, type GivenArguments } from './variables.ts'

type Given = z.infer<typeof givenVariablesSchema>
type GivenArgument = GivenArguments[number]

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What stands under the one key `typed`; undefined for plain JSON. A dictionary of a script may have such a key too. */
const typedPart = (value: unknown): unknown => {
  if (!isRecord(value) || Object.keys(value).length !== 1) return undefined
  const { typed } = value
  return isRecord(typed) && variableTypeSchema.safeParse(typed['type']).success ? typed : undefined
}

const oneArgument = (name: string, value: unknown, group: GivenArgument['group']): GivenArgument => {
  const typed = typedPart(value)
  const read = typed === undefined ? undefined : variableValueSchema.safeParse(typed)
  return { ...(group ? { group } : {}), name, ...(read?.success ? { typed: read.data } : { plain: value }) }
}

/** Variables as a caller gave them, flat or in the predecessor's two groups, as a list sorted by name. */
export const listGivenArguments = (given: Given | undefined): GivenArguments => {
  const flat: GivenArgument[] = []
  for (const [name, value] of Object.entries(given ?? {})) {
    if ((name === 'standard_vars' || name === 'advanced_vars') && isRecord(value)) {
      const group = name === 'standard_vars' ? 'standard' : 'advanced'
      for (const [inner, innerValue] of Object.entries(value)) flat.push(oneArgument(inner, innerValue, group))
    } else {
      flat.push(oneArgument(name, value, undefined))
    }
  }
  return flat.toSorted((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0))
}

/** A number that JSON has rounded before anybody here saw it. Beyond 1e21 JSON itself writes an exponent: that is a decimal number. */
const isRounded = (value: unknown): boolean => {
  if (typeof value === 'number')
    return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21
  return typeof value === 'object' && value !== null && Object.values(value).some(isRounded)
}

const isWellFormed = (value: unknown): boolean => {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isWellFormed(item))
}

const faultOfPlain = ({ name, plain }: GivenArgument): string | undefined => {
  const typed = typedPart(plain)
  if (typed !== undefined) {
    const issue = variableValueSchema.safeParse(typed).error?.issues[0]
    return `The typed value of “${name}” ${issue?.code === 'custom' || issue?.code === 'invalid_format' ? issue.message : 'is not one'}.`
  }
  return isWellFormed(plain)
    ? undefined
    : `The value of “${name}” contains half of a character (a lone surrogate), which is not valid text.`
}

/**
 * What no script can have, whatever its variables are: names of no or endless length, numbers that are none, halves of characters.
 * Undefined where all is well. What is stored is read again by others.
 */
export const faultOfArguments = (given: GivenArguments): string | undefined => {
  for (const argument of given) {
    const fault = argument.typed === undefined ? faultOfPlain(argument) : undefined
    if (fault !== undefined) return fault
  }
  return givenArgumentsSchema.safeParse(given).success ? undefined : 'The name of a variable has 1 to 255 characters.'
}

const declaredFor = (argument: GivenArgument, declared: readonly Variable[]): readonly Variable[] =>
  declared.filter(
    ({ name, group }) => name === argument.name && (argument.group === undefined || argument.group === group),
  )

export type TypedArguments = { readonly arguments: GivenArguments; readonly faults: readonly string[] }

/**
 * Given values with the types of a script whose variables are known: what will be stored is what was checked. Unknown names and values that
 * no variable can hold are faults.
 */
export const typedByDeclared = (given: GivenArguments, declared: readonly Variable[]): TypedArguments => {
  const faults: string[] = []
  const typed = given.map((argument): GivenArgument => {
    const [own, ...others] = declaredFor(argument, declared)
    if (!own) {
      const names = declared.map(({ name }) => name).join(', ') || 'none'
      faults.push(`The script has no variable “${argument.name}”. It has: ${names}.`)
      return argument
    }
    if (others.length > 0) {
      faults.push(
        `The script has “${argument.name}” among its standard and its advanced variables; say which is meant, in standard_vars or advanced_vars.`,
      )
      return argument
    }
    if (argument.typed) return { ...argument, group: own.group }
    const read = valueFromJson(argument.plain, own.value)
    if ('fault' in read) {
      faults.push(`The value of “${argument.name}” ${read.fault}.`)
      return argument
    }
    return { group: own.group, name: argument.name, typed: read.value }
  })
  return { arguments: typed, faults }
}

/** The same where nobody knows yet what the script declares: only what JSON itself has spoiled is found. */
export const faultsOfUndeclared = (given: GivenArguments): readonly string[] =>
  given.flatMap((argument) =>
    isRounded(argument.plain)
      ? [
          `“${argument.name}” has a whole number too large for JSON, which rounds it. Write it as {"typed": {"type": "integer", "value": "…"}}.`,
        ]
      : [],
  )
