import type { ResultFile } from '#contracts/api.ts'
import { printPython } from '#domain/print-python.ts'
import type { VariableGroup, VariableValue } from '#domain/variables.ts'
import { rawJson } from './raw-json.ts'

export type Problem = {
  /** An error keeps the script from working; a warning may. */
  readonly severity: 'error' | 'warning'
  readonly kind: string
  readonly file: string
  readonly line: number | null
  readonly variable: string | null
  readonly message: string
}

/** A variable with its value, or why no form can hold that. */
export type CheckedVariable = { readonly group: VariableGroup; readonly name: string; readonly help?: string } & (
  { readonly value: VariableValue } | { readonly fault: string }
)

export type RunReport = {
  readonly state: 'Completed' | 'Error' | 'Cancelled'
  readonly reason: string | null
  readonly seconds: number
  /** Where the files of the run lie. */
  readonly output: string
  readonly outputs: readonly ResultFile[]
  readonly remarks: readonly string[]
}

export type CheckReport = {
  readonly folder: string
  readonly python: { readonly interpreter: string; readonly version: string }
  readonly isSound: boolean
  readonly problems: readonly Problem[]
  /** Null where reduce_vars.py cannot be read; the problems say why. */
  readonly variables: readonly CheckedVariable[] | null
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly sizeBytes: number }[]
}

const keyText = (key: VariableValue): string => {
  switch (key.type) {
    case 'string':
      return key.value
    case 'none':
      return 'null'
    case 'boolean':
      return String(key.value)
    case 'integer':
    case 'float':
    case 'list':
    case 'tuple':
    case 'mapping':
      return printPython(key)
  }
}

/** A value as plain JSON, numbers to the last digit; a tuple is a list there, and every key is text. */
const plain = (value: VariableValue): unknown => {
  switch (value.type) {
    case 'none':
      return null
    case 'string':
    case 'boolean':
      return value.value
    case 'integer':
    case 'float':
      return rawJson(value.value)
    case 'list':
    case 'tuple':
      return value.items.map(plain)
    case 'mapping':
      return Object.fromEntries(value.entries.map(([key, item]) => [keyText(key), plain(item)]))
  }
}

const plainGroup = (variables: readonly CheckedVariable[], group: VariableGroup): unknown =>
  Object.fromEntries(
    variables.flatMap((one) => (one.group === group && 'value' in one ? [[one.name, plain(one.value)] as const] : [])),
  )

const helpOf = (variables: readonly CheckedVariable[], group: VariableGroup): unknown =>
  Object.fromEntries(
    variables.flatMap((one) => (one.group === group && one.help !== undefined ? [[one.name, one.help]] : [])),
  )

/** Grows by fields, and never changes the meaning of one; a change of meaning gets another number. cli/README.md describes it. */
const format = 'autoreduce-check/1'

export const reportAsJson = (report: CheckReport, run: RunReport | undefined): string => {
  const variables = report.variables ?? []
  const { folder, python, isSound, problems, files } = report
  return JSON.stringify(
    {
      format,
      folder,
      python,
      isSound,
      problems,
      variables:
        report.variables?.map((one) => ({
          group: one.group,
          name: one.name,
          ...('value' in one
            ? { type: one.value.type, value: one.value, python: printPython(one.value) }
            : { fault: one.fault }),
          ...(one.help !== undefined && { help: one.help }),
        })) ?? null,
      standard_vars: report.variables && plainGroup(variables, 'standard'),
      advanced_vars: report.variables && plainGroup(variables, 'advanced'),
      variable_help: report.variables && {
        standard_vars: helpOf(variables, 'standard'),
        advanced_vars: helpOf(variables, 'advanced'),
      },
      files,
      ...(run && { run }),
    },
    undefined,
    2,
  )
}
