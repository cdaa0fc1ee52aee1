import { createHash } from 'node:crypto'
import { arch, hostname, release, type } from 'node:os'
import type { Claim } from '#database/queries/claim-next.ts'
import type { LogEnd } from '#results/log-changes.ts'
import type { Provenance } from '#results/provenance.ts'
import { filesOf } from './files-of-variables.ts'
import type { FetchedFile } from './fetch-variable-files.ts'
import type { Outcome } from './outcome.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { Processor } from './processor.ts'
import type { RanScript } from './run-script.ts'

/** The record of what ran: enough to run it again, and to see what differed. */
export const describeRun = (
  processor: Processor,
  claim: Claim & { readonly rbNumber: number },
  run: PreparedRun,
  ran: RanScript,
  inputs: Provenance['inputs'],
  outcome: Outcome,
  claimedAt: Date,
  log: Pick<LogEnd, 'printedBytes' | 'cut'>,
): Provenance => ({
  reduction: {
    id: claim.reductionId,
    fence: claim.fence,
    instrument: claim.instrument,
    target: claim.target,
    version: claim.version,
    rbNumber: claim.rbNumber,
    runNumbers: claim.runs.map(({ runNumber }) => runNumber),
    startedBy: claim.startedBy,
    description: claim.description,
  },
  outcome,
  script: { sha256: claim.scriptSha256, files: claim.scriptFiles.map(describeFile) },
  variables: ran.variables?.variables ?? null,
  unrecordedVariables: ran.variables?.unrepresentable ?? [],
  chosenVariables: claim.given.map(({ group, name, from }) => ({
    ...(group === undefined ? {} : { group }),
    name,
    from: from ?? { kind: 'submission' as const },
  })),
  configuredButLeftOut: ran.variables?.leftOut ?? [],
  variableFiles: filesOf(run).flatMap((file) => ('text' in file ? [describeText(file)] : [])),
  software: {
    name: run.environment.name,
    version: run.environment.version,
    interpreter: run.environment.interpreter,
    modules: ran.outcome?.kind === 'returned' ? ran.outcome.modules : {},
  },
  inputs,
  host: { name: hostname(), system: `${type()} ${release()} ${arch()}`, processor: processor.id },
  limits: {
    wallSeconds: claim.timeLimitSeconds,
    outputBytes: processor.settings.outputLimitBytes,
    outputFiles: processor.settings.outputLimitFiles,
    ...run.launch.limits,
    logBytes: processor.settings.logLimits.headBytes + processor.settings.logLimits.tailBytes,
  },
  log: { printedBytes: log.printedBytes, cut: log.cut },
  isolation: processor.launcher.isolationOf(run.environment),
  timings: {
    submittedAt: claim.submittedAt.toISOString(),
    claimedAt: claimedAt.toISOString(),
    scriptStartedAt: ran.startedAt.toISOString(),
    scriptEndedAt: ran.endedAt.toISOString(),
    scriptSeconds: Math.round(ran.scriptSeconds * 1000) / 1000,
    cpuSeconds: ran.end.kind === 'ended' ? ran.end.cpuSeconds : null,
  },
  peakMemoryBytes: ran.end.kind === 'ended' ? ran.end.peakMemoryBytes : null,
})

const describeFile = ({ name, base64 }: Claim['scriptFiles'][number]): Provenance['script']['files'][number] => {
  const bytes = Buffer.from(base64, 'base64')
  return { name, sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length }
}

const describeText = (file: Extract<FetchedFile, { text: string }>): Provenance['variableFiles'][number] => {
  const { variable, address, fetchedAt, sha256, sizeBytes, text } = file
  return { variable, address, fetchedAt, sha256, sizeBytes, text }
}
