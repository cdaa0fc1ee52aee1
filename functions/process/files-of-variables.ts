import type { Claim } from '#database/queries/claim-next.ts'
import { faultFields } from '#function-server/log.ts'
import { fetchVariableFiles, type FetchedFile } from './fetch-variable-files.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { Processor } from './processor.ts'
import { declaredVariables } from './read-variables.ts'

/** The files that this reduction's variables mean, fetched now. Never throws: what is not there is told by the runner, in the reduction's log. */
export const filesOfVariables = (
  processor: Processor,
  claim: Claim,
  signal: AbortSignal,
): Promise<readonly FetchedFile[]> =>
  fetchVariableFiles(
    claim,
    () =>
      declaredVariables(processor, claim).catch((fault: unknown) => {
        processor.log.warn(
          { ...faultFields(fault), reduction: { id: claim.reductionId } },
          'the variables of a script could not be read before it was started',
        )
        return []
      }),
    processor.settings.variableFiles,
    signal,
  )

export const withFiles = (run: PreparedRun, files: readonly FetchedFile[]): PreparedRun => {
  const { job } = run.launch
  return job.mode !== 'reduce' || files.length === 0
    ? run
    : { ...run, launch: { ...run.launch, job: { ...job, files } } }
}

export const filesOf = ({ launch: { job } }: PreparedRun): readonly FetchedFile[] =>
  job.mode === 'reduce' ? (job.files ?? []) : []
