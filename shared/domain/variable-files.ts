import type { VariableValue } from './variables.ts'

/** Where the text of a file variable lies: `url` is the script's, `default` what scientists change, the file is at `url + default`. */
export type VariableFile = { readonly url: string; readonly default: string }

const textUnder = (value: Extract<VariableValue, { type: 'mapping' }>, key: string): string | undefined => {
  const found = value.entries.findLast(([name]) => name.type === 'string' && name.value === key)?.[1]
  return found?.type === 'string' ? found.value : undefined
}

/**
 * A variable whose name contains `file` and whose value is `{"url": …, "default": …}` means a file to be fetched; undefined for every other.
 * `functions/process/runner/variable_files.py` knows it by the same rule.
 */
export const variableFileOf = (name: string, value: VariableValue): VariableFile | undefined => {
  if (!name.toLowerCase().includes('file') || value.type !== 'mapping') return undefined
  const url = textUnder(value, 'url')
  const standard = textUnder(value, 'default')
  return url === undefined || standard === undefined ? undefined : { url, default: standard }
}

export const addressOf = (file: VariableFile): string => file.url + file.default

/** The same variable with another file chosen; everything else in its mapping stays. */
export const withFile = (value: Extract<VariableValue, { type: 'mapping' }>, chosen: string): VariableValue => ({
  ...value,
  entries: value.entries.map(([key, item]) =>
    key.type === 'string' && key.value === 'default' ? [key, { type: 'string', value: chosen }] : [key, item],
  ),
})
