import { join } from 'node:path'
import { readRegular } from './regular-file.ts'
import { provenanceName } from './result-paths.ts'

/** Variables of megabytes are recorded; more was not written by this service. */
const largestRecordBytes = 256 * 1024 * 1024

/**
 * What `provenance.json` in a directory holds, as it lies there; undefined where there is none, or no JSON. Throws where the disk does
 * not say: that must not look like somebody else's results. By hand and not by the schema: the processes that work on disks are many,
 * and each would carry the library.
 */
export const readRecord = async (directory: string): Promise<unknown> => {
  const record = await readRegular(join(directory, provenanceName), largestRecordBytes)
  if (!record) return undefined
  try {
    return JSON.parse(record.toString('utf8'))
  } catch {
    return undefined
  }
}

export type RecordedIdentity = {
  readonly id: number
  readonly fence: number
  readonly runNumbers: readonly number[] | undefined
}

/** Whose results lie in a directory; undefined where they say nothing of it, as the predecessor's. Throws where the disk does not say. */
export const readIdentity = async (directory: string): Promise<RecordedIdentity | undefined> => {
  const record: Record<string, unknown> = { ...Object(await readRecord(directory)) }
  const { id, fence, runNumbers }: Record<string, unknown> = { ...Object(record['reduction']) }
  if (typeof id !== 'number' || typeof fence !== 'number') return undefined
  return { id, fence, runNumbers: Array.isArray(runNumbers) ? runNumbers.map(Number) : undefined }
}
