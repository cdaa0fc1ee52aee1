import type { Submission } from '#contracts/submission.ts'
import type { Variable, VariableValue } from '#domain/variables.ts'

type Given = { readonly variable: Variable; readonly value: VariableValue }

/**
 * All values of the form, typed: what was seen is what runs, also where the script's own defaults change meanwhile.
 * Grouped only where a name is in both groups, since names alone are what the API takes first.
 */
export const submittedVariables = (given: readonly Given[]): Submission['variables'] => {
  if (given.length === 0) return undefined
  const typed = (list: readonly Given[]): Record<string, { typed: VariableValue }> =>
    Object.fromEntries(list.map(({ variable, value }) => [variable.name, { typed: value }]))
  const names = new Set(given.map(({ variable }) => variable.name))
  if (names.size === given.length) return typed(given)
  return {
    standard_vars: typed(given.filter(({ variable }) => variable.group === 'standard')),
    advanced_vars: typed(given.filter(({ variable }) => variable.group === 'advanced')),
  }
}
