import { mkdir, readdir, stat } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import type { Variable } from '#domain/variables.ts'
import { usualModes } from '#results/file-modes.ts'
import { listOutputs } from '#results/list-outputs.ts'
import { exceedsOutput } from '#results/measure-output.ts'
import { tidyStaging } from '#results/tidy-staging.ts'
import { fetchVariableFiles } from '../../functions/process/fetch-variable-files.ts'
import { limitOutput } from '../../functions/process/limit-output.ts'
import { decideOutcome, remarksOf, type StopReason } from '../../functions/process/outcome.ts'
import type { RunnerReport } from '../../functions/process/runner-events.ts'
import { originsSetting, usualFileHosts } from '../../functions/process/settings.ts'
import { openStopSwitch, watchScript } from '../../functions/process/watch-script.ts'
import { CannotCheck } from './cannot-check.ts'
import { takeScript } from './check-folder.ts'
import type { RunReport } from './check-report.ts'
import { typedForScript } from './given-on-command-line.ts'
import { openWorkshop, runJob, unlimited } from './run-job.ts'

const mostOutput = { bytes: 100_000 * 1024 * 1024, files: unlimited.outputFiles }
const fileLimits = { sizeBytes: 5 * 1024 * 1024, limitMs: 30_000 }

const emptyFolder = async (path: string): Promise<string> => {
  const output = resolve(path)
  const entries = await mkdir(output, { recursive: true }).then(
    () => readdir(output),
    (cause: unknown) => {
      throw new CannotCheck(`${output} cannot be made. Name another folder with --output.`, { cause })
    },
  )
  if (entries.length === 0) return output
  throw new CannotCheck(`${output} is not empty, and nothing there is overwritten. Name a new folder with --output.`)
}

const rawFile = async (path: string): Promise<string> => {
  const file = resolve(path)
  const found = await stat(file).catch((cause: unknown) => {
    throw new CannotCheck(`The raw file ${file} is not there.`, { cause })
  })
  if (!found.isFile()) throw new CannotCheck(`${file} is not a file.`)
  return file
}

const readOrigins = (text: string | undefined): readonly string[] => {
  const parsed = originsSetting.safeParse(text ?? usualFileHosts)
  if (parsed.success) return parsed.data
  throw new CannotCheck(`--file-hosts ${parsed.error.issues[0]?.message ?? 'is wrong'}.`)
}

/**
 * Runs a script on a raw file with the runner, the surroundings and the rules of the service; only the limits' numbers are this call's own.
 * Ctrl-C ends it and all that it has started.
 * @throws {CannotCheck}
 */
export const runOnFile = async (asked: {
  readonly folder: string
  readonly environment: Environment
  readonly inputFile: string
  readonly output: string | undefined
  readonly given: GivenArguments
  readonly declared: readonly Variable[] | undefined
  readonly limitSeconds: number
  readonly fileHosts: string | undefined
  readonly log: Writable
}): Promise<RunReport> => {
  const origins = readOrigins(asked.fileHosts)
  const given = typedForScript(asked.given, asked.declared)
  const inputFile = await rawFile(asked.inputFile)
  const stem = basename(inputFile, extname(inputFile))
  const output = await emptyFolder(asked.output ?? `autoreduce-check-${stem}`)
  const { files: scriptFiles } = await takeScript(asked.folder)
  const stopSwitch = openStopSwitch()
  const cancel = (): void => stopSwitch.stop('cancelled')
  process.on('SIGINT', cancel).on('SIGTERM', cancel)
  const workshop = await openWorkshop(asked.environment, scriptFiles)
  try {
    const files = await fetchVariableFiles(
      { scriptFiles, given },
      () => Promise.resolve(asked.declared ?? []),
      { origins, ...fileLimits },
      stopSwitch.signal,
    )
    let report: Extract<RunnerReport, { kind: 'returned' | 'fault' }> | undefined
    const began = performance.now()
    const end = await runJob(
      workshop,
      'run',
      { mode: 'reduce', inputFile, outputDirectory: join(output, '/'), given, files },
      {
        onLog: (bytes) => new Promise((resolve) => void asked.log.write(bytes, () => resolve())),
        onReport: (told) => {
          if (told.kind === 'returned' || told.kind === 'fault') report = told
        },
      },
      (script) => {
        const limiting = limitOutput(() => exceedsOutput(output, mostOutput), 5_000, stopSwitch)
        return watchScript(script, stopSwitch, { wallMs: asked.limitSeconds * 1000 }).finally(limiting.stop)
      },
    )
    const seconds = Math.round(performance.now() - began) / 1000
    const ending = {
      stop: stoppedBy(stopSwitch.reason()),
      end,
      report,
      limits: { ...unlimited, wallSeconds: asked.limitSeconds, outputBytes: mostOutput.bytes },
      environment: softwareLabel(asked.environment),
    }
    const tidied = await tidyStaging(output, usualModes)
    const { files: outputs } = await listOutputs(output)
    const { state, reason } = decideOutcome(ending)
    return {
      state,
      reason,
      seconds,
      output,
      outputs,
      remarks: [...remarksOf(ending), ...tidied.remarks, ...copiesOf(report)],
    }
  } finally {
    process.off('SIGINT', cancel).off('SIGTERM', cancel)
    await workshop.scratch.close()
  }
}

const stoppedBy = (reason: StopReason | undefined): Exclude<StopReason, 'lost' | 'released'> | undefined =>
  reason === 'lost' || reason === 'released' ? undefined : reason

const copiesOf = (report: Extract<RunnerReport, { kind: 'returned' | 'fault' }> | undefined): readonly string[] =>
  report?.kind === 'returned' && report.directories.length > 0
    ? [
        `The service would copy the results to ${report.directories.join(', ')} as well, where the instrument allows it.`,
      ]
    : []
