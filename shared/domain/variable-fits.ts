import type { VariableValue } from './variables.ts'

export type VariableType = VariableValue['type']

const isNumber = (type: VariableType): boolean => type === 'integer' || type === 'float'

const words: Readonly<Record<VariableType, string>> = {
  string: 'text',
  integer: 'a whole number',
  float: 'a decimal number',
  boolean: 'True or False',
  none: 'None',
  list: 'a list',
  tuple: 'a tuple',
  mapping: 'a dictionary',
}

/**
 * May a value that was configured once still be given to the script's variable as it is now? A person who configured another type than the
 * script's meant it, as long as the script has not changed its own since. `functions/process/runner/given_variables.py` decides the
 * same when a run starts; a test holds the two together.
 * @returns what does not fit, in words that follow the variable's name; undefined where all is well
 */
export const misfitOf = (
  configured: { readonly value: VariableValue; readonly declaredType: VariableType },
  declared: VariableValue,
): string | undefined => {
  const then = configured.declaredType
  const mine = configured.value.type
  const now = declared.type
  const fits = then === now || mine === now || mine === 'none' || now === 'none' || (isNumber(mine) && isNumber(now))
  return fits
    ? undefined
    : `was ${words[then]} when it was configured and is ${words[now]} in the script now, which ${words[mine]} does not fit`
}
