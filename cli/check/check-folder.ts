import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { readScriptFolder } from '#archive/read-script.ts'
import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { ScriptFiles } from '#contracts/script.ts'
import type { RunnerJob } from '../../functions/process/launcher.ts'
import { decideOutcome } from '../../functions/process/outcome.ts'
import type { RunnerReport } from '../../functions/process/runner-events.ts'
import { CannotCheck } from './cannot-check.ts'
import type { CheckReport, CheckedVariable, Problem } from './check-report.ts'
import { openWorkshop, runJob, unlimited, type Workshop } from './run-job.ts'
import { unknownUses } from './unknown-uses.ts'

type Report<Kind extends RunnerReport['kind']> = Extract<RunnerReport, { kind: Kind }>

/** As long as the service waits for a reduce_vars.py. */
const limitMs = 60_000

/** The script of a folder, as the service would take it. */
export const takeScript = async (
  folder: string,
): Promise<{ readonly files: ScriptFiles; readonly otherFiles: readonly string[] }> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new CannotCheck(`${folder} is not a folder that can be read. Name the folder that reduce.py lies in.`, {
      cause,
    })
  })
  const reading = await readScriptFolder(folder, { whose: folder, needsScript: false })
  if (reading.kind !== 'read') throw new CannotCheck(reading.reason)
  const files = reading.files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }))
  const taken = new Set(files.map(({ name }) => name.split('/')[0]))
  const otherFiles = entries
    .filter((entry) => !taken.has(entry.name) && !entry.name.endsWith('.py') && !/^[._]|~$/.test(entry.name))
    .map(({ name }) => name)
    .sort()
  if (!files.some(({ name }) => name === 'reduce.py' || name === 'reduce_vars.py')) {
    throw new CannotCheck(`${folder} has neither reduce.py nor reduce_vars.py. Name the folder that they lie in.`)
  }
  return { files, otherFiles }
}

/** What one job of the runner reports, or the sentence by which it ended. */
const ask = async <Kind extends 'checked' | 'read'>(
  workshop: Workshop,
  kind: Kind,
  job: RunnerJob,
): Promise<{ readonly report: Report<Kind> } | { readonly fault: string; readonly line: number | null }> => {
  let answer: Report<Kind> | undefined
  let fault: Report<'fault'> | undefined
  const listen = {
    onLog: () => Promise.resolve(),
    onReport: (report: RunnerReport) => {
      if (report.kind === kind) answer = report as Report<Kind>
      if (report.kind === 'fault') fault = report
    },
  }
  return runJob(workshop, kind, job, listen, async (script) => {
    const over = new AbortController()
    void wait(limitMs, undefined, { signal: over.signal }).then(script.end, () => undefined)
    const end = await script.ended
    over.abort()
    if (answer) return { report: answer }
    if (end.kind === 'not-started') {
      throw new CannotCheck(`Python could not be started (${end.cause}): ${workshop.environment.interpreter}`)
    }
    if (end.kind === 'ended' && end.stopped) {
      const sentence = `reduce_vars.py was still running after ${limitMs / 1000} s. It should only declare variables; let reduce.py do the work.`
      return { fault: sentence, line: null }
    }
    const outcome = decideOutcome({
      stop: undefined,
      end,
      report: fault,
      limits: { ...unlimited, wallSeconds: limitMs / 1000 },
      environment: softwareLabel(workshop.environment),
    })
    const line = fault?.fault.traceback.at(-1)?.match(/^reduce_vars\.py, line ([0-9]+)/)?.[1]
    return { fault: outcome.reason ?? 'reduce_vars.py cannot be read.', line: line === undefined ? null : Number(line) }
  })
}

const missing = (file: string, message: string): Problem => ({
  severity: 'error',
  kind: 'no-script',
  file,
  line: null,
  variable: null,
  message,
})

const listVariables = ({ variables, unrepresentable }: Report<'read'>): readonly CheckedVariable[] => [
  ...variables,
  ...unrepresentable.map(({ group, variable, fault }) => ({ group, name: variable, fault })),
]

/**
 * Looks a script over and reads its variables, with the very runner of the service. Nothing is executed but reduce_vars.py.
 * @throws {CannotCheck}
 */
export const checkFolder = async (folder: string, environment: Environment): Promise<CheckReport> => {
  const { files, otherFiles } = await takeScript(folder)
  const workshop = await openWorkshop(environment, files)
  try {
    const names = files.map(({ name }) => name)
    const looked = await ask(workshop, 'checked', { mode: 'check', files: names, otherFiles })
    const read = await ask(workshop, 'read', { mode: 'read-variables', tellEach: true })
    const problems: Problem[] = []
    const script = files.find(({ name }) => name === 'reduce.py')
    if (!script)
      problems.push(
        missing('reduce.py', `There is no reduce.py in ${folder}: runs of the instrument would be skipped.`),
      )
    else if (Buffer.from(script.base64, 'base64').toString('latin1').trim() === '')
      problems.push(missing('reduce.py', 'reduce.py is empty: runs of the instrument would be skipped.'))
    const isEmpty = problems.length > 0
    if ('fault' in looked) problems.push({ ...missing('reduce.py', looked.fault), kind: 'check-failed' })
    else {
      for (const problem of looked.report.problems) {
        if (!(isEmpty && problem.kind === 'no-main')) problems.push({ ...problem, variable: null })
      }
    }
    const isTold = problems.some(({ file, severity }) => file === 'reduce_vars.py' && severity === 'error')
    if ('fault' in read) {
      if (!isTold)
        problems.push({ ...missing('reduce_vars.py', read.fault), kind: 'variables-unreadable', line: read.line })
    } else {
      for (const { variable, fault } of read.report.unrepresentable) {
        const message = `“${variable}” ${fault}.`
        problems.push({ ...missing('reduce_vars.py', message), kind: 'bad-variable', variable })
      }
      for (const message of read.report.helpRemarks) {
        problems.push({ ...missing('reduce_vars.py', message), severity: 'warning', kind: 'help' })
      }
      const declared = listVariables(read.report)
      problems.push(...files.flatMap((file) => unknownUses(file, declared)))
    }
    return {
      folder,
      python: {
        interpreter: environment.interpreter,
        version: 'report' in looked ? looked.report.python : environment.version,
      },
      isSound: problems.every(({ severity }) => severity !== 'error'),
      problems,
      variables: 'report' in read ? listVariables(read.report) : null,
      files: files.map(({ name, base64 }) => {
        const bytes = Buffer.from(base64, 'base64')
        return { name, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length }
      }),
    }
  } finally {
    await workshop.scratch.close()
  }
}
