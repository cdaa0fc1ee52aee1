import { variableFileOf, withFile } from '#domain/variable-files.ts'
import type { VariableValue } from '#domain/variables.ts'
import { parseNumber } from './numbers.ts'
import { parsePython } from './parse-python.ts'
import { printPython } from '#domain/print-python.ts'

/** How a value is edited. `file`: the `default` of a `{"url", "default"}` variable. `python`: as a literal, for what has brackets, and for whoever wants another type than the script's. */
export type Editor = 'switch' | 'number' | 'text' | 'long-text' | 'file' | 'python'

/** A page's fields leave out or change these when somebody writes beside them. */
const unwritable = /[\u0000-\u0008\u000b-\u001f\u007f\u2028\u2029]/

export const editorFor = (value: VariableValue, name = ''): Editor => {
  if (variableFileOf(name, value)) return 'file'
  switch (value.type) {
    case 'boolean':
      return 'switch'
    case 'integer':
    case 'float':
      return 'number'
    case 'string':
      if (unwritable.test(value.value)) return 'python'
      return value.value.includes('\n') || value.value.length > 80 ? 'long-text' : 'text'
    case 'none':
    case 'list':
    case 'tuple':
    case 'mapping':
      return 'python'
  }
}

/** Whoever edits a file has been told by {@link editorFor} that it is one. */
const anyFile = 'file'

/** What stands in the field for a value. */
export const fieldText = (value: VariableValue, editor: Editor): string => {
  if (editor === 'file') return variableFileOf(anyFile, value)?.default ?? ''
  if (editor === 'python' || value.type === 'list' || value.type === 'tuple' || value.type === 'mapping')
    return printPython(value)
  if (value.type === 'none') return 'None'
  return String(value.value)
}

export type FieldAnswer =
  | {
      readonly value: VariableValue
      /** Said beside the field, where the type has changed. */ readonly remark?: string
    }
  | { readonly fault: string; /** Place in the text, where it is known. */ readonly at?: number }

const kinds: Readonly<Record<VariableValue['type'], string>> = {
  string: 'a text',
  integer: 'a whole number',
  float: 'a decimal number',
  boolean: 'on or off',
  none: 'None',
  list: 'a list',
  tuple: 'a tuple',
  mapping: 'a mapping',
}

export const kindWords = (value: VariableValue): string => kinds[value.type]

const remarkOn = (original: VariableValue, value: VariableValue): { remark?: string } =>
  original.type === value.type || original.type === 'none'
    ? {}
    : { remark: `Becomes ${kinds[value.type]}; the script has ${kinds[original.type]}.` }

const parseNumberField = (original: VariableValue, text: string): FieldAnswer => {
  if (text.trim() === 'None') return { value: { type: 'none' }, ...remarkOn(original, { type: 'none' }) }
  if (text.trim() === '') return { fault: 'A number is missing. Write None if there is to be none.' }
  const answer = parseNumber(text)
  if ('fault' in answer) return { fault: `“${text.trim()}” ${answer.fault}.` }
  if (original.type === 'float' && answer.value.type === 'integer')
    return { value: { type: 'float', value: `${answer.value.value}.0` } }
  return { value: answer.value, ...remarkOn(original, answer.value) }
}

const hintFor = (original: VariableValue): string => {
  if (original.type === 'list') return ' A list is written [1, 2].'
  if (original.type === 'tuple') return ' A tuple is written (1, 2).'
  return ''
}

const parsePythonField = (original: VariableValue, text: string): FieldAnswer => {
  const answer = parsePython(text)
  if ('fault' in answer)
    return { fault: `${answer.fault}.${text.trim() === '' ? hintFor(original) : ''}`, at: answer.at }
  const { value } = answer
  // Whoever edits an ordered mapping may leave out the word OrderedDict; order is what was written anyway.
  if (value.type === 'mapping' && original.type === 'mapping' && original.ordered)
    return { value: { ...value, ordered: true } }
  return { value, ...remarkOn(original, value) }
}

const parseFileField = (original: VariableValue, text: string): FieldAnswer => {
  if (text.trim() === '') return { fault: 'Name the file.' }
  return original.type === 'mapping' ? { value: withFile(original, text.trim()) } : { fault: 'Write it as Python.' }
}

/** The value that a field's text stands for. An untouched text gives back the very value it was made from. */
export const parseField = (original: VariableValue, editor: Editor, text: string): FieldAnswer => {
  if (text === fieldText(original, editor)) return { value: original }
  switch (editor) {
    case 'switch':
      return { value: { type: 'boolean', value: text === 'true' } }
    case 'number':
      return parseNumberField(original, text)
    case 'text':
    case 'long-text':
      return { value: { type: 'string', value: text } }
    case 'file':
      return parseFileField(original, text)
    case 'python':
      return parsePythonField(original, text)
  }
}

/** A value as one short line for tables: texts without quotes where nothing can be mistaken. */
export const shortValue = (value: VariableValue): string => {
  if (value.type === 'boolean') return value.value ? 'on' : 'off'
  if (value.type === 'string' && /^[^\s'"[\](){},][^\n]*$/.test(value.value) && !looksTyped(value.value))
    return value.value
  return printPython(value)
}

/** `5`, `None` and `True` as texts keep their quotes, or they would read as what they are not. */
const looksTyped = (text: string): boolean =>
  'value' in parsePython(text) || /^(on|off)$/.test(text) || text !== text.trim()
