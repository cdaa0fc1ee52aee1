import { stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { asResultsFault, hasCode, missingFault, ResultsFault } from './results-fault.ts'

/** Where an instrument's results go, and what its disk is known to be. */
export type InstrumentPlace = {
  readonly resultsRoot: string
  readonly instrument: string
  /** Its folder was seen to be a disk of its own: where it is none now, that disk is not mounted. */
  readonly wasOwnDisk: boolean
}

type Mounted = { readonly isOwnDisk: boolean; readonly disk: string }

/** Below this a disk is as good as full: whatever starts there fails. */
const leastFreeBytes = 16 * 1024 * 1024
const leastFreeShare = 0.05

/**
 * The root is there, and so is the instrument's own disk where it had one.
 * @throws {ResultsFault}
 */
export const assertMounted = async ({ resultsRoot, instrument, wasOwnDisk }: InstrumentPlace): Promise<Mounted> => {
  const folder = join(resultsRoot, instrument)
  const [root, found] = await Promise.all([
    // A root that is missing is a mount that is missing: making it would fill the local disk instead.
    stat(resultsRoot).catch((cause: unknown) => {
      throw asResultsFault(resultsRoot, cause)
    }),
    stat(folder).catch((cause: unknown) => {
      if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return undefined
      throw asResultsFault(folder, cause)
    }),
  ])
  if (!root.isDirectory()) throw missingFault(`The results root ${resultsRoot} is not a directory`)
  const isOwnDisk = found !== undefined && found.dev !== root.dev
  if (wasOwnDisk && !isOwnDisk) throw missingFault(`The disk that was mounted at ${folder} is not there any more`)
  return { isOwnDisk, disk: found ? folder : resultsRoot }
}

/**
 * Looks whether results can be written, without writing: the root is there, so is the instrument's own disk, and there is room.
 * @returns whether the instrument's folder is a disk of its own
 * @throws {ResultsFault}
 */
export const lookAtPlace = async (place: InstrumentPlace): Promise<boolean> => {
  const { isOwnDisk, disk } = await assertMounted(place)
  const { bavail, blocks, bsize, frsize } = await statfs(disk)
  const unitBytes = frsize || bsize
  const freeBytes = bavail * unitBytes
  // Some disks say nothing of their size.
  if (blocks > 0 && freeBytes < Math.min(leastFreeBytes, blocks * unitBytes * leastFreeShare)) {
    throw new ResultsFault(
      'full',
      `The disk for the results is full (${disk}: ${Math.floor(freeBytes / 1024).toLocaleString('en-GB')} KiB are free)`,
      'When this is put right, re-run the reduction.',
    )
  }
  return isOwnDisk
}
