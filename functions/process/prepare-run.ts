import { chooseEnvironment, softwareLabel, type Environment } from '#contracts/environments.ts'
import type { Claim } from '#database/queries/claim-next.ts'
import type { Staging } from '#results/stage.ts'
import { join } from 'node:path'
import type { Launch } from './launcher.ts'
import type { Processor } from './processor.ts'
import { jobMarker, writeScript, type ScratchJob } from './scratch.ts'
import { scriptEnvironment } from './script-environment.ts'

export type PreparedRun = {
  readonly environment: Environment
  readonly job: ScratchJob
  readonly launch: Omit<Launch, 'onLog' | 'onReport'>
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

/** Writes script and surroundings into a scratch directory of this reduction alone. */
export const prepareRun = async (processor: Processor, claim: Claim, staging: Staging): Promise<PreparedRun> => {
  const environment = environmentFor(processor, claim.software)
  const job = await processor.scratch.openJob(`${claim.reductionId}-${claim.fence}`)
  await writeScript(job.scriptDirectory, claim.scriptFiles)
  const paths = claim.runs.map((run) => run.filePath)
  const [only] = paths
  return {
    environment,
    job,
    launch: {
      interpreter: environment.interpreter,
      scratch: job.directory,
      marker: jobMarker(job.name),
      environment: await surroundings(processor, environment, job),
      job: {
        mode: 'reduce',
        scriptDirectory: job.scriptDirectory,
        inputFile: claim.target.startsWith('batch-') || only === undefined ? paths : only,
        outputDirectory: join(staging.directory, '/'),
        given: claim.given,
      },
    },
  }
}

export const surroundings = async (
  processor: Pick<Processor, 'scratch'>,
  environment: Environment,
  job: ScratchJob,
): Promise<Readonly<Record<string, string>>> =>
  scriptEnvironment({
    interpreter: environment.interpreter,
    extra: environment.environment,
    home: job.home,
    temporary: job.temporary,
    cache: await processor.scratch.cache(softwareLabel(environment)),
    job: job.name,
    timeZone: process.env['TZ'],
  })
