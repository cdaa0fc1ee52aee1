import type { Claim } from '#database/queries/claim-next.ts'
import { changeOfRawFile } from '#domain/raw-file-change.ts'
import { compareProvenance } from '#results/compare-provenance.ts'
import { resultsOf, type AskOptions } from '#results/disk/open-disk.ts'
import { provenanceSchema, type Provenance } from '#results/provenance.ts'
import { ResultsFault } from '#results/results-fault.ts'
import { lookAtInputs } from './look-at-inputs.ts'
import type { Processor } from './processor.ts'

/** A reduction that was to repeat an earlier one finds another raw file than that had. The message is for the scientist. */
export class InputChanged extends Error {
  override readonly name = 'InputChanged'
}

/**
 * Looks again just before the script starts, since a reproduction may have stood in line for long.
 * @throws {InputChanged}
 */
export const holdInputsFixed = async (processor: Processor, claim: Claim): Promise<void> => {
  if (!claim.reproduces) return
  const { inputs, version } = claim.reproduces
  const now = await lookAtInputs(processor, claim)
  for (const [place, run] of claim.runs.entries()) {
    const then = inputs[place]
    const found = now[place]
    const change = then && found && changeOfRawFile(run.runNumber, then, found)
    if (change === undefined) continue
    throw new InputChanged(
      `${change} So version ${version} could not be repeated exactly, and no script was run. Re-run it instead.`,
    )
  }
}

/** What a reproduction's record says of the earlier reduction and of all that differed from it; undefined for any other reduction. */
export const compareWithEarlier = async (
  { disk }: Processor,
  { instrument, reproduces }: Claim,
  record: Provenance,
  options: AskOptions,
): Promise<Provenance['reproduces']> => {
  if (!reproduces) return undefined
  const { reductionId, version, resultsPath, notHeld } = reproduces
  const asking =
    resultsPath === null
      ? undefined
      : disk.ask('readRecord', { directory: resultsPath }, resultsOf(instrument), options)
  const lies = await asking?.catch((fault: unknown) => {
    if (fault instanceof ResultsFault) return undefined
    throw fault
  })
  const { data: earlier } = provenanceSchema.safeParse(lies)
  return {
    reductionId,
    version,
    notHeld,
    differences: earlier ? [...compareProvenance(earlier, record)] : null,
  }
}
