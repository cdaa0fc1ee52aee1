import { printPython } from '#domain/print-python.ts'
import type { CheckReport, CheckedVariable, Problem, RunReport } from './check-report.ts'

const widest = 100

const shorten = (text: string): string => (text.length <= widest ? text : `${text.slice(0, widest - 1)}…`)

const problemText = ({ severity, file, line, message }: Problem): string =>
  `  ${severity === 'error' ? '✗' : '!'} ${file}${line === null ? '' : `:${line}`}  ${message}\n`

const variableText = (one: CheckedVariable, widths: { readonly name: number; readonly type: number }): string => {
  const value = 'value' in one ? shorten(printPython(one.value)) : `✗ ${one.fault}`
  const type = 'value' in one ? one.value.type : ''
  const help = (one.help ?? '').trim().split(/\s*\n\s*/)[0] ?? ''
  const indent = ' '.repeat(widths.name + widths.type + 6)
  return `  ${one.name.padEnd(widths.name)}  ${type.padEnd(widths.type)}  ${value}\n${help === '' ? '' : `${indent}${shorten(help)}\n`}`
}

const groupText = (title: string, variables: readonly CheckedVariable[]): string => {
  if (variables.length === 0) return ''
  const name = Math.min(30, Math.max(...variables.map((one) => one.name.length)))
  const type = Math.max(...variables.map((one) => ('value' in one ? one.value.type.length : 0)))
  return `\n${title}\n${variables.map((one) => variableText(one, { name, type })).join('')}`
}

const countOf = (problems: readonly Problem[], severity: Problem['severity']): string => {
  const count = problems.filter((problem) => problem.severity === severity).length
  return `${count} ${severity}${count === 1 ? '' : 's'}`
}

/** For people; what is for programs is the JSON. */
export const printReport = (report: CheckReport): void => {
  const { folder, python, files, problems, variables, isSound } = report
  const write = (text: string): unknown => process.stdout.write(text)
  write(
    `${folder}\nPython ${python.version}, ${python.interpreter}\nTaken along: ${files.map(({ name }) => name).join(', ')}\n`,
  )
  if (variables === null) write('\nThe variables cannot be read.\n')
  else if (variables.length === 0) write('\nThe script has no variables.\n')
  else {
    write(
      groupText(
        'Variables',
        variables.filter(({ group }) => group === 'standard'),
      ),
    )
    write(
      groupText(
        'Advanced variables',
        variables.filter(({ group }) => group === 'advanced'),
      ),
    )
  }
  if (problems.length > 0) write(`\n${problems.map(problemText).join('')}`)
  write(
    isSound
      ? `\nSound${problems.length > 0 ? `, with ${countOf(problems, 'warning')}` : ''}.\n`
      : `\nNot sound: ${countOf(problems, 'error')}, ${countOf(problems, 'warning')}.\n`,
  )
}

export const printRun = (run: RunReport): void => {
  const write = (text: string): unknown => process.stdout.write(text)
  write(`\n${run.state} after ${run.seconds.toFixed(1)} s${run.reason === null ? '.' : `: ${run.reason}`}\n`)
  for (const remark of run.remarks) write(`  ${remark}\n`)
  write(`${run.outputs.length === 0 ? 'It wrote no files.' : `Files in ${run.output}:`}\n`)
  for (const { path, sizeBytes, plot } of run.outputs) {
    write(`  ${path}  ${sizeBytes} bytes${plot === null ? '' : `, a plot (${plot})`}\n`)
  }
}
