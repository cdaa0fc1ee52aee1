import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { CannotCheck } from './cannot-check.ts'
import { checkFolder } from './check-folder.ts'
import { reportAsJson, type RunReport } from './check-report.ts'
import { findInterpreter } from './find-interpreter.ts'
import { readGivenVariables } from './given-on-command-line.ts'
import { printReport, printRun } from './print-report.ts'
import { runOnFile } from './run-on-file.ts'

export const checkUsage = `autoreduce check FOLDER [--json]
  Are reduce.py and reduce_vars.py in FOLDER sound? Lists the variables with their types, values and help.

  --run FILE         also runs them on a raw file, exactly as the service would
  --output FOLDER    where the files of that run go: a new or empty folder (autoreduce-check-<name of the raw file>)
  --variables JSON   other values for that run, {"name": value}; @FILE reads them from a file
  --time-limit S     seconds that run may take (3600)
  --file-hosts LIST  hosts that files of variables may be fetched from (raw.githubusercontent.com)

  --python PROGRAM   the Python to check with (python3)
  --software NAME    a software environment of the service instead, such as "Scipp" or "Scipp 26.1"
  --environments F   the list of environments, where ENVIRONMENTS_FILE does not name it
  --json             the answer as JSON on standard output, whatever it is; cli/README.md describes it

  Ends with 0 where all is sound, 1 where something is wrong with the script, 2 where nothing can be said.`

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        run: { type: 'string' },
        output: { type: 'string' },
        variables: { type: 'string' },
        'time-limit': { type: 'string' },
        'file-hosts': { type: 'string' },
        python: { type: 'string' },
        software: { type: 'string' },
        environments: { type: 'string' },
      },
    })
  } catch (cause) {
    throw new CannotCheck(`${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`, { cause })
  }
}

const readSeconds = (text: string | undefined): number => {
  const seconds = text === undefined ? 3600 : Number(text)
  if (Number.isFinite(seconds) && seconds > 0) return seconds
  throw new CannotCheck(`--time-limit is a number of seconds; “${text}” is none.`)
}

const answer = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parse(args)
  if (values.help) {
    process.stdout.write(`${checkUsage}\n`)
    return 0
  }
  const [folder, ...more] = positionals
  if (folder === undefined || more.length > 0) throw new CannotCheck(`Name one folder.\n\n${checkUsage}`)
  const needRun = ['output', 'variables', 'time-limit', 'file-hosts'] as const
  const useless = values.run === undefined ? needRun.find((name) => values[name] !== undefined) : undefined
  if (useless !== undefined) throw new CannotCheck(`--${useless} is for --run FILE, which is not there.`)
  const limitSeconds = readSeconds(values['time-limit'])

  const environment = await findInterpreter({
    python: values.python,
    software: values.software,
    environmentsFile: values.environments ?? (process.env['ENVIRONMENTS_FILE'] || undefined),
  })
  const given = await readGivenVariables(values.variables)
  const report = await checkFolder(resolve(folder), environment)
  if (!values.json) printReport(report)
  let run: RunReport | undefined
  if (values.run !== undefined) {
    run = await runOnFile({
      folder: resolve(folder),
      environment,
      inputFile: values.run,
      output: values.output,
      given,
      declared: report.variables?.flatMap((one) => ('value' in one ? [one] : [])),
      limitSeconds,
      fileHosts: values['file-hosts'],
      // The script's own words never come between those of the JSON.
      log: values.json ? process.stderr : process.stdout,
    })
    if (!values.json) printRun(run)
  }
  if (values.json) process.stdout.write(`${reportAsJson(report, run)}\n`)
  return report.isSound && (run === undefined || run.state === 'Completed') ? 0 : 1
}

/** @returns the exit code */
export const check = async (args: readonly string[]): Promise<number> => {
  try {
    return await answer(args)
  } catch (fault) {
    if (!(fault instanceof CannotCheck)) throw fault
    if (args.includes('--json'))
      process.stdout.write(`${JSON.stringify({ format: 'autoreduce-check/1', fault: fault.message })}\n`)
    process.stderr.write(`${fault.message}\n`)
    return 2
  }
}
