import { stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { basename } from 'node:path'
import { describeFileFault, isAbsent } from './file-faults.ts'
import { readSignature, signatureBytes } from './file-signature.ts'
import { Hdf5Fault, openHdf5 } from './hdf5-file.ts'
import { findEntry, readMetadata, type RawFileMetadata } from './raw-file-metadata.ts'
import type { RawFileReading } from './raw-file-reading.ts'
import { isSameFile, readBytes, withRegularFile } from './regular-file.ts'

/**
 * Reads the metadata of a run's raw file, or says in words why not. Never throws for what a file may be; reads the file's head and the
 * fields asked for, never all of it.
 * @param onLibraryFault told when the HDF5 library failed: it may keep the file open until the process ends
 */
export const readRawFile = async (
  path: string,
  run: number,
  onLibraryFault: () => void = () => undefined,
): Promise<RawFileReading> => {
  const name = basename(path)
  const before = await withRegularFile(path, async (file, stats) => ({
    stats,
    head: await readBytes(file, 0, signatureBytes),
  }))
  if ('fault' in before) {
    return before.absent
      ? { kind: 'absent', reason: goneReason(name) }
      : { kind: 'unreadable', path, reason: `The file ${name} ${before.fault}: ${path}` }
  }
  const reading = await readContents(path, run, before.stats, before.head, onLibraryFault)
  try {
    const after = await stat(path)
    return isSameFile(before.stats, after)
      ? reading
      : { kind: 'changing', file: factsOf(path, after), reason: `The file ${name} is being written to at this moment.` }
  } catch (fault) {
    return isAbsent(fault)
      ? { kind: 'absent', reason: goneReason(name) }
      : { kind: 'unreadable', path, reason: `The file ${name} ${describeFileFault(fault)}: ${path}` }
  }
}

const goneReason = (name: string): string =>
  `The file ${name} is listed in the archive but cannot be opened: it has just gone, or is a link to nothing.`

const factsOf = (path: string, stats: Stats) => ({ path, sizeBytes: stats.size, modifiedAt: stats.mtime })

const readContents = async (
  path: string,
  run: number,
  stats: Stats,
  head: Uint8Array,
  onLibraryFault: () => void,
): Promise<RawFileReading> => {
  const file = factsOf(path, stats)
  const name = basename(path)
  const incomplete = (reason: string): RawFileReading => ({ kind: 'incomplete', file, reason })
  const signature = readSignature(head)
  switch (signature.format) {
    case 'hdf4':
      return {
        kind: 'hdf4',
        file,
        reason: `The file ${name} is HDF4, the old muon format (version 1). This service reads HDF5 files only; convert it to HDF5 to have it reduced.`,
      }
    case 'unknown':
      return {
        kind: 'not-hdf5',
        file,
        reason:
          stats.size === 0
            ? `The file ${name} is empty. It may still be being copied.`
            : `The file ${name} is not a NeXus file: it does not begin as HDF5 does. It may still be being copied.`,
      }
    case 'hdf5':
      break
  }
  if (signature.isOpenForWriting)
    return incomplete(`The file ${name} is still open for writing by the program that makes it.`)
  if (signature.endOfFile !== undefined && stats.size < signature.endOfFile) {
    return incomplete(
      `The file ${name} has only ${stats.size} of its ${signature.endOfFile} bytes. It may still be being copied, or its copy broke off.`,
    )
  }
  const found = await readEntry(path, onLibraryFault)
  if ('fault' in found) {
    return incomplete(`The file ${name} does not open as HDF5 (${found.fault}). It may still be being copied.`)
  }
  if (found.metadata === undefined) {
    return {
      kind: 'not-nexus',
      file,
      reason: `The file ${name} opens as HDF5 but holds no run: no entry with a run number, start or title. It may still be being copied.`,
    }
  }
  const { metadata } = found
  // A copy whose size was set in advance holds zeros where its end has not come yet.
  if (metadata.runNumber === 0)
    return incomplete(`The file ${name} says that it holds run 0. It may still be being copied.`)
  if (metadata.runNumber !== null && metadata.runNumber !== run) {
    return {
      kind: 'run-number-mismatch',
      file,
      metadata,
      reason: `The file ${name} says that it holds run ${metadata.runNumber}, not ${run}: it is a copy under another name.`,
    }
  }
  return { kind: 'read', file, metadata }
}

const readEntry = async (
  path: string,
  onLibraryFault: () => void,
): Promise<{ readonly metadata: RawFileMetadata | undefined } | { readonly fault: string }> => {
  try {
    const file = await openHdf5(path)
    try {
      const entry = findEntry(file)
      return { metadata: entry === undefined ? undefined : readMetadata(file, entry) }
    } finally {
      file.close()
    }
  } catch (fault) {
    if (!(fault instanceof Hdf5Fault)) throw fault
    onLibraryFault()
    return { fault: fault.message }
  }
}
