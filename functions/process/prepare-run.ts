import { chooseEnvironment, softwareLabel, type Environment } from '#contracts/environments.ts'
import type { Claim } from '#database/queries/claim-next.ts'
import { isBatchTarget } from '#domain/batches.ts'
import type { Staging } from '#results/stage.ts'
import { join } from 'node:path'
import type { InputLook } from './look-at-inputs.ts'
import type { Launch, ScriptLimits } from './launcher.ts'
import type { Processor } from './processor.ts'
import type { Settings } from './settings.ts'

export type PreparedRun = {
  readonly environment: Environment
  readonly launch: Omit<Launch, 'onLog' | 'onReport' | 'limits'> & { readonly limits: Required<ScriptLimits> }
}

/** This processor lacks what the reduction asks for; the claim does not usually come so far. */
export class NoEnvironment extends Error {
  override readonly name = 'NoEnvironment'
}

/** The chosen software environment. @throws {NoEnvironment} in words for the scientist */
const environmentFor = (processor: Processor, software: Claim['software']): Environment => {
  const environment = chooseEnvironment(processor.environments(), software)
  if (environment) return environment
  throw new NoEnvironment(
    software === null
      ? 'The service has no default software environment. Choose one, or tell its team.'
      : `The software environment ${softwareLabel(software)} is not there any more. Choose another one.`,
  )
}

/** What is to be run, in which environment, within which limits. @throws {NoEnvironment} */
export const prepareRun = (
  processor: Processor,
  claim: Claim,
  staging: Staging,
  looks: readonly InputLook[],
): PreparedRun => {
  const environment = environmentFor(processor, claim.software)
  const paths = claim.runs.map((run) => run.filePath)
  const [only] = paths
  return {
    environment,
    launch: {
      software: environment,
      name: `${claim.reductionId}-${claim.fence}`,
      script: claim.scriptFiles,
      limits: limitsFor(processor.settings, environment),
      job: {
        mode: 'reduce',
        inputFile: isBatchTarget(claim.target) || only === undefined ? paths : only,
        outputDirectory: join(staging.directory, '/'),
        given: claim.given,
      },
      inputRealPaths: looks.flatMap(({ realPath }) => realPath ?? []),
    },
  }
}

const megabyte = 1024 ** 2

/** The processor's own limits, unless the environment says otherwise. */
export const limitsFor = (settings: Settings, { limits }: Environment): Required<ScriptLimits> => ({
  memoryBytes: limits.memoryMegabytes === undefined ? settings.limits.memoryBytes : limits.memoryMegabytes * megabyte,
  processes: limits.processes ?? settings.limits.processes,
  openFiles: limits.openFiles ?? settings.limits.openFiles,
  fileBytes: settings.outputLimitBytes,
  temporaryBytes:
    limits.temporaryMegabytes === undefined ? settings.limits.temporaryBytes : limits.temporaryMegabytes * megabyte,
})
