import type { GivenArguments, LeftOutVariables, VariableSource } from '#contracts/variables.ts'
import { sameValue, valueFromJson, type Variable, type VariableValue } from '#domain/variables.ts'

/** A variable as chosen for a reduction; `default` is what the script itself says, where it differs. */
export type ChosenVariable = Variable & { readonly default?: VariableValue; readonly from?: VariableSource }

const isSame = (left: Pick<Variable, 'group' | 'name'>, right: Pick<Variable, 'group' | 'name'>): boolean =>
  left.group === right.group && left.name === right.name

const beside = (chosen: Variable, declared: Variable | undefined): ChosenVariable => ({
  group: chosen.group,
  name: chosen.name,
  value: chosen.value,
  ...(declared?.help !== undefined && { help: declared.help }),
  ...(declared && !sameValue(declared.value, chosen.value) && { default: declared.value }),
})

/** The values of an earlier reduction, in the order and with the help of what a script declares. */
export const besideDeclared = (chosen: readonly Variable[], declared: readonly Variable[]): readonly ChosenVariable[] =>
  chosen.map((variable) =>
    beside(
      variable,
      declared.find((own) => isSame(own, variable)),
    ),
  )

/** What the script declares, with the given values over it; a value that does not fit is left to the run to refuse. */
export const givenOverDeclared = (given: GivenArguments, declared: readonly Variable[]): readonly ChosenVariable[] =>
  declared.map((own) => {
    const argument = given.find(({ name, group }) => name === own.name && (group === undefined || group === own.group))
    if (!argument) return own
    if (argument.typed) return beside({ ...own, value: argument.typed }, own)
    const read = valueFromJson(argument.plain, own.value)
    return 'value' in read ? beside({ ...own, value: read.value }, own) : own
  })

/** Given values where nobody knows yet what the script declares. */
export const givenAlone = (given: GivenArguments): readonly ChosenVariable[] =>
  given.flatMap(({ group = 'standard', name, typed, plain }) => {
    if (typed) return [{ group, name, value: typed }]
    const read = valueFromJson(plain)
    return 'value' in read ? [{ group, name, value: read.value }] : []
  })

/** Says of each value that is not the script's own who chose it. */
const withSources = (
  chosen: readonly ChosenVariable[],
  given: GivenArguments,
  leftOut: LeftOutVariables,
): readonly ChosenVariable[] =>
  chosen.map((variable) => {
    const argument = given.find(
      ({ name, group, from }) =>
        name === variable.name &&
        (group === undefined || group === variable.group || from !== undefined) &&
        !(from !== undefined && leftOut.some((one) => one.name === name)),
    )
    return argument ? { ...variable, from: argument.from ?? { kind: 'submission' } } : variable
  })

/** The variables of a reduction, by what is known of it: what its script really got, else what it will get. */
export const chosenVariables = (reduction: {
  readonly recorded: readonly Variable[] | null
  readonly given: GivenArguments | null
  readonly declared: readonly Variable[] | undefined
  readonly leftOut?: LeftOutVariables | null
}): readonly ChosenVariable[] => {
  const { recorded, declared } = reduction
  const given = reduction.given ?? []
  const chosen = recorded
    ? besideDeclared(recorded, declared ?? [])
    : declared
      ? givenOverDeclared(given, declared)
      : givenAlone(given)
  return withSources(chosen, given, reduction.leftOut ?? [])
}

/** A form for a script, started from the values of an earlier reduction: what the script has no longer is named and left out. */
export const startFrom = (
  earlier: readonly Variable[],
  declared: readonly Variable[],
): { readonly variables: readonly ChosenVariable[]; readonly leftOut: readonly string[] } => ({
  variables: declared.map((own) => {
    const before = earlier.find((variable) => isSame(variable, own))
    return before ? beside({ ...own, value: before.value }, own) : own
  }),
  leftOut: earlier.filter((variable) => !declared.some((own) => isSame(own, variable))).map(({ name }) => name),
})
