import type { ComparedVariable } from '#contracts/comparison.ts'
import { sameValue, type Variable } from '#domain/variables.ts'

const keyOf = ({ group, name }: Pick<Variable, 'group' | 'name'>): string => `${group} ${name}`

/** The left's variables in their order, then those that only the right has. A `1` and a `1.0` differ: the script would see so. */
export const compareVariables = (
  left: readonly Variable[],
  right: readonly Variable[],
): readonly ComparedVariable[] => {
  const onRight = new Map(right.map((variable) => [keyOf(variable), variable]))
  const onLeft = new Set(left.map(keyOf))
  return [
    ...left.map(({ group, name, value }): ComparedVariable => {
      const other = onRight.get(keyOf({ group, name }))
      if (!other) return { group, name, change: 'removed', left: value }
      const change = sameValue(value, other.value) ? 'same' : 'changed'
      return { group, name, change, left: value, right: other.value }
    }),
    ...right
      .filter((variable) => !onLeft.has(keyOf(variable)))
      .map(({ group, name, value }): ComparedVariable => ({ group, name, change: 'added', right: value })),
  ]
}
