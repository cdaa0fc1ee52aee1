import { describe, expect, it } from 'vitest'
import { givenVariablesSchema } from '#contracts/submission.ts'
import { submittedVariables } from './submitted-variables.ts'

describe('the variables of a request', () => {
  const value = { type: 'integer', value: '5' } as const
  const variable = (group: 'standard' | 'advanced', name: string) => ({ variable: { group, name, value }, value })

  it('are all there, typed, and groups only where a name would be lost', () => {
    expect(submittedVariables([])).toBeUndefined()
    const plain = submittedVariables([variable('standard', 'UB Matrix'), variable('advanced', 'b')])
    expect(plain).toEqual({ 'UB Matrix': { typed: value }, b: { typed: value } })
    const grouped = submittedVariables([variable('standard', 'a'), variable('advanced', 'a')])
    expect(grouped).toEqual({ standard_vars: { a: { typed: value } }, advanced_vars: { a: { typed: value } } })
    expect(givenVariablesSchema.safeParse(plain).success).toBe(true)
    expect(givenVariablesSchema.safeParse(grouped).success).toBe(true)
  })
})
