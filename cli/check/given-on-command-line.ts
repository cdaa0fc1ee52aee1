import { readFile } from 'node:fs/promises'
import { faultOfArguments, listGivenArguments, typedByDeclared } from '#contracts/given-arguments.ts'
import { givenVariablesSchema } from '#contracts/submission.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import type { Variable } from '#domain/variables.ts'
import { CannotCheck } from './cannot-check.ts'

/** @throws {CannotCheck} */
export const readGivenVariables = async (text: string | undefined): Promise<GivenArguments> => {
  if (text === undefined) return []
  const content = text.startsWith('@')
    ? await readFile(text.slice(1), 'utf8').catch((cause: unknown) => {
        throw new CannotCheck(`${text.slice(1)}, which --variables names, cannot be read.`, { cause })
      })
    : text
  let json: unknown
  try {
    json = JSON.parse(content)
  } catch (cause) {
    throw new CannotCheck(`--variables is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      cause,
    })
  }
  const parsed = givenVariablesSchema.safeParse(json)
  if (!parsed.success) throw new CannotCheck('--variables is not an object such as {"width": 0.5}.')
  const given = listGivenArguments(parsed.data)
  const fault = faultOfArguments(given)
  if (fault !== undefined) throw new CannotCheck(fault)
  return given
}

/** What submit would say of them. @throws {CannotCheck} */
export const typedForScript = (given: GivenArguments, declared: readonly Variable[] | undefined): GivenArguments => {
  if (!declared) return given
  const { arguments: typed, faults } = typedByDeclared(given, declared)
  if (faults.length > 0) throw new CannotCheck(faults.join(' '))
  return typed
}
