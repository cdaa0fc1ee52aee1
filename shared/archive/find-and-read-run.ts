import { filePrefixes } from '#domain/instrument-names.ts'
import { findRawFile } from './find-raw-file.ts'
import type { RawFileReading } from './raw-file-reading.ts'
import { readRawFile } from './read-raw-file.ts'

/** Finds a run's raw file and reads its metadata; `prefixes` where the instrument is configured with its own. */
export const findAndReadRun = async (
  root: string,
  instrument: string,
  run: number,
  prefixes: readonly string[] | undefined,
  onLibraryFault?: () => void,
): Promise<RawFileReading> => {
  const search = await findRawFile(root, instrument, run, prefixes ?? filePrefixes(instrument))
  return search.kind === 'found' ? readRawFile(search.path, run, onLibraryFault) : search
}
