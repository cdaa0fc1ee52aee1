import type { VariableValue } from './variables.ts'

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escapeCharacter = (character: string): string =>
  escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`

/** A string as Python's `repr` writes it: single quotes unless it holds some and no double ones. */
export const printString = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const body = text.replace(/[\\\u0000-\u001f\u007f]/g, escapeCharacter)
  return quote + (quote === "'" ? body.replaceAll("'", "\\'") : body) + quote
}

const entriesText = (value: Extract<VariableValue, { type: 'mapping' }>): string =>
  `{${value.entries.map(([key, item]) => `${printPython(key)}: ${printPython(item)}`).join(', ')}}`

/** A variable's value as the Python literal a scientist would write. */
export const printPython = (value: VariableValue): string => {
  switch (value.type) {
    case 'none':
      return 'None'
    case 'boolean':
      return value.value ? 'True' : 'False'
    case 'integer':
    case 'float':
      return value.value
    case 'string':
      return printString(value.value)
    case 'list':
      return `[${value.items.map(printPython).join(', ')}]`
    case 'tuple':
      return value.items.length === 1
        ? `(${value.items.map(printPython).join('')},)`
        : `(${value.items.map(printPython).join(', ')})`
    case 'mapping':
      return value.ordered ? `OrderedDict(${entriesText(value)})` : entriesText(value)
  }
}
