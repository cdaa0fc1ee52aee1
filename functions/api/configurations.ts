import type { RunConfiguration } from '#contracts/api.ts'
import { faultOfArguments, listGivenArguments, typedByDeclared } from '#contracts/given-arguments.ts'
import type { ConfigurationRequest } from '#contracts/submission.ts'
import type { ConfiguredVariables } from '#contracts/variables.ts'
import type { RunConfiguration as StoredConfiguration } from '#database/queries/run-configurations.ts'
import { misfitOf } from '#domain/variable-fits.ts'
import { sameValue, type Variable } from '#domain/variables.ts'

const notThereAnyMore = 'is not among the script’s variables any more'

/** What is configured, beside what the script declares now; `declared` is undefined where nobody can say. */
export const presentConfiguration = (
  { id, source, variables, description, revision, changedBy, changedAt }: StoredConfiguration,
  declared: readonly Variable[] | undefined,
): RunConfiguration => ({
  id,
  source,
  variables: variables.map((configured) => {
    const { group, name, value } = configured
    if (!declared) return { group, name, value }
    const named = declared.filter((one) => one.name === name)
    const own = named.find((one) => one.group === group) ?? (named.length === 1 ? named[0] : undefined)
    const problem = own ? misfitOf(configured, own.value) : notThereAnyMore
    return {
      group,
      name,
      value,
      ...(own?.help !== undefined && { help: own.help }),
      ...(own && !sameValue(own.value, value) && { default: own.value }),
      ...(problem !== undefined && { problem }),
    }
  }),
  description,
  revision,
  changedBy,
  changedAt,
})

/** The values of a request with the types of the script's own, or a sentence on what is wrong with them. */
export const configuredVariables = (
  request: Pick<ConfigurationRequest, 'variables'>,
  declared: readonly Variable[],
): { readonly variables: ConfiguredVariables } | { readonly fault: string } => {
  const given = listGivenArguments(request.variables)
  if (given.length === 0)
    return { fault: 'No variable is configured. Name at least one, or delete the configuration instead.' }
  const unfit = faultOfArguments(given)
  if (unfit !== undefined) return { fault: unfit }
  const { arguments: typed, faults } = typedByDeclared(given, declared)
  if (faults.length > 0) return { fault: faults.join(' ') }
  return {
    variables: typed.flatMap(({ group, name, typed: value }) => {
      const own = declared.find((one) => one.name === name && one.group === group)
      return own && value ? [{ group: own.group, name, value, declaredType: own.value.type }] : []
    }),
  }
}
