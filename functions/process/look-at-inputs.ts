import type { Claim } from '#database/queries/claim-next.ts'
import { archiveOf } from '#results/disk/open-disk.ts'
import type { FileLook } from '#results/disk/operations.ts'
import type { Provenance } from '#results/provenance.ts'
import type { Processor } from './processor.ts'

/** An archive that hangs does not hold up a reduction: its script will meet the same, under its own time limit. */
const archivePatienceMs = 5_000

export type InputLook = Provenance['inputs'][number] & Pick<FileLook, 'realPath'>

/** The inputs as the script finds them. Nothing is known of those on a disk that does not answer in time. */
export const lookAtInputs = async ({ disk }: Processor, { instrument, runs }: Claim): Promise<readonly InputLook[]> => {
  const paths = runs.map(({ filePath }) => filePath)
  const looks = await disk
    .ask('lookAtFiles', { paths }, archiveOf(instrument), { patienceMs: archivePatienceMs })
    .catch(() => [])
  return paths.map((path, place) => ({
    path,
    ...(looks[place] ?? { sizeBytes: null, modifiedAt: null, realPath: null }),
  }))
}
