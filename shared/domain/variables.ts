import { floatText } from './float-text.ts'

/**
 * The value of a script's variable with its Python type kept, so that what a scientist wrote in reduce_vars.py comes back
 * unchanged from database and form. Integers and floats travel as text: JSON numbers would round 200-digit integers
 * and would turn `1.0` into `1`. A float's text is Python's repr. Finite only.
 */
export type VariableValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'integer'; readonly value: string }
  | { readonly type: 'float'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'none' }
  | { readonly type: 'list'; readonly items: readonly VariableValue[] }
  | { readonly type: 'tuple'; readonly items: readonly VariableValue[] }
  | {
      readonly type: 'mapping'
      readonly ordered: boolean
      readonly entries: readonly (readonly [VariableValue, VariableValue])[]
    }

/** `standard` is `standard_vars` of the script's reduce_vars.py, `advanced` its `advanced_vars`. */
export type VariableGroup = 'standard' | 'advanced'

export type Variable = {
  readonly group: VariableGroup
  readonly name: string
  readonly value: VariableValue
  /** The script's `variable_help` for it. */
  readonly help?: string
}

const sameItems = (left: readonly VariableValue[], right: readonly VariableValue[]): boolean =>
  left.length === right.length &&
  left.every((item, place) => right[place] !== undefined && sameValue(item, right[place]))

const sameNumber = (left: string, right: string, type: 'integer' | 'float'): boolean =>
  left === right || (type === 'integer' ? BigInt(left) === BigInt(right) : Object.is(Number(left), Number(right)))

/** Same type and same value; a `1` and a `1.0` differ, and so do `0.0` and `-0.0`. However a number is written, it is the same. */
export const sameValue = (left: VariableValue, right: VariableValue): boolean => {
  switch (left.type) {
    case 'none':
      return right.type === 'none'
    case 'list':
    case 'tuple':
      return right.type === left.type && sameItems(left.items, right.items)
    case 'mapping':
      return (
        right.type === 'mapping' &&
        left.ordered === right.ordered &&
        sameItems(left.entries.flat(), right.entries.flat())
      )
    case 'integer':
    case 'float':
      return right.type === left.type && sameNumber(left.value, right.value, left.type)
    case 'string':
    case 'boolean':
      return right.type === left.type && right.value === left.value
  }
}

const halfCharacter = 'contains half of a character (a lone surrogate), which is not valid text'

/**
 * A plain JSON value (from an API caller or a form) as a variable's value. Where the script's own value has a type that JSON
 * lacks (float, tuple), the JSON value takes it if nothing is lost: 1 for a float is 1.0, a list for a tuple a tuple.
 * Returns a fault in words for what no variable can hold.
 */
export const valueFromJson = (
  json: unknown,
  like?: VariableValue,
): { readonly value: VariableValue } | { readonly fault: string } => {
  if (json === null) return { value: { type: 'none' } }
  if (typeof json === 'string') {
    return json.isWellFormed() ? { value: { type: 'string', value: json } } : { fault: halfCharacter }
  }
  if (typeof json === 'boolean') return { value: { type: 'boolean', value: json } }
  if (typeof json === 'number') {
    if (!Number.isFinite(json)) return { fault: 'is not a finite number' }
    if (like?.type === 'float' || !Number.isInteger(json)) return { value: { type: 'float', value: floatText(json) } }
    if (!Number.isSafeInteger(json))
      return { fault: 'is a whole number too large for JSON; write it as a typed integer' }
    return { value: { type: 'integer', value: String(json) } }
  }
  if (Array.isArray(json)) {
    const likeItems = like?.type === 'list' || like?.type === 'tuple' ? like.items : []
    const items: VariableValue[] = []
    for (const [place, element] of json.entries()) {
      const item = valueFromJson(element, likeItems[place] ?? likeItems.at(-1))
      if ('fault' in item) return { fault: `${item.fault} (item ${place + 1})` }
      items.push(item.value)
    }
    return { value: { type: like?.type === 'tuple' ? 'tuple' : 'list', items } }
  }
  if (typeof json === 'object') {
    const entries: (readonly [VariableValue, VariableValue])[] = []
    for (const [key, element] of Object.entries(json)) {
      const likeEntry =
        like?.type === 'mapping'
          ? like.entries.find(([name]) => name.type === 'string' && name.value === key)
          : undefined
      const item = valueFromJson(element, likeEntry?.[1])
      if ('fault' in item) return { fault: `${item.fault} (at ${key})` }
      entries.push([{ type: 'string', value: key }, item.value])
    }
    return { value: { type: 'mapping', ordered: like?.type === 'mapping' && like.ordered, entries } }
  }
  return { fault: 'is not a value a variable can have' }
}
