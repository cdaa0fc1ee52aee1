import type { z } from 'zod'
import type { givenVariablesSchema } from '#contracts/submission.ts'
import { givenArgumentsSchema, variableValueSchema, type GivenArguments } from '#contracts/variables.ts'
import { valueFromJson, type Variable } from '#domain/variables.ts'

type Given = z.infer<typeof givenVariablesSchema>
type GivenArgument = GivenArguments[number]

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const oneArgument = (name: string, value: unknown, group: GivenArgument['group']): GivenArgument => {
  const typed =
    isRecord(value) && Object.keys(value).length === 1 ? variableValueSchema.safeParse(value['typed']) : undefined
  return { ...(group ? { group } : {}), name, ...(typed?.success ? { typed: typed.data } : { plain: value }) }
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

/** What no script can have, whatever its variables are; undefined where all is well. What is stored here is read again by others. */
export const faultOfNames = (given: GivenArguments): string | undefined =>
  givenArgumentsSchema.safeParse(given).success ? undefined : 'The name of a variable has 1 to 255 characters.'

/**
 * What is wrong with given variables for a script whose own variables are known: unknown names, values no variable can hold.
 * Empty where all is well.
 */
export const faultsOfGiven = (given: GivenArguments, declared: readonly Variable[]): readonly string[] =>
  given.flatMap((argument) => {
    const own = declared.find(
      ({ name, group }) => name === argument.name && (argument.group === undefined || argument.group === group),
    )
    if (!own) {
      const names = declared.map(({ name }) => name).join(', ') || 'none'
      return [`The script has no variable “${argument.name}”. It has: ${names}.`]
    }
    if (argument.typed) return []
    const read = valueFromJson(argument.plain, own.value)
    return 'fault' in read ? [`The value of “${argument.name}” ${read.fault}.`] : []
  })
