import type { RawFileReading } from '#archive/raw-file-reading.ts'
import type { Hung, Readers } from '#archive/readers/open-readers.ts'
import { versionsDirectory } from '#results/result-paths.ts'
import { highestVersion } from '#results/versions-on-disk.ts'
import type { FindScript } from './answer-submission.ts'
import type { Finding, SeenFile } from './decide-run.ts'
import type { Looking } from './submit-runs.ts'

const seen = (file: { readonly sizeBytes: number; readonly modifiedAt: Date }): SeenFile => ({
  sizeBytes: file.sizeBytes,
  modifiedAt: file.modifiedAt,
})

/** What a reading means for submit. */
export const asFinding = (reading: RawFileReading | Hung): Finding => {
  switch (reading.kind) {
    case 'read': {
      const { metadata, file } = reading
      return {
        kind: 'read',
        metadata: {
          title: metadata.title,
          rbText: metadata.experimentIdentifier,
          startedAt: metadata.startedAt,
          endedAt: metadata.endedAt,
          durationSeconds: metadata.durationSeconds,
          goodFrames: metadata.goodFrames,
          rawFrames: metadata.rawFrames,
          protonCharge: metadata.protonCharge,
          userNames: metadata.userNames.join(', ') || null,
          definition: metadata.definition,
          filePath: file.path,
          fileSizeBytes: file.sizeBytes,
          fileModifiedAt: file.modifiedAt,
        },
      }
    }
    case 'hdf4':
    case 'run-number-mismatch':
      return { kind: 'unfit', reason: reading.reason }
    case 'not-hdf5':
    case 'incomplete':
    case 'not-nexus':
      return { kind: 'broken-or-growing', reason: reading.reason, file: seen(reading.file) }
    case 'changing':
      return { kind: 'not-yet', reason: reading.reason, file: seen(reading.file) }
    case 'absent':
    case 'only-raw':
    case 'unreadable':
    case 'hung':
      return { kind: 'not-yet', reason: reading.reason, file: undefined }
  }
}

/** Looks through the reader processes, so that a hanging drive costs a reader and never this function. */
export const lookThrough = (readers: Readers, resultsRoot: string): Looking & { readonly findScript: FindScript } => ({
  findRun: async (instrument, runNumber) =>
    asFinding(await readers.findAndReadRun(instrument.name, runNumber, instrument.prefixes ?? undefined)),

  versionsOnDisk: async (instrument, rbNumber, target) => {
    const place = { instrument: instrument.name, rbNumber, target, isFlat: instrument.isFlat }
    const path = versionsDirectory(resultsRoot, place)
    const listing = await readers.call('listDirectory', { path }, { place: `the results of ${instrument.name}` })
    if ('entries' in listing) return highestVersion(listing.entries.map(({ name }) => name))
    if ('absent' in listing && listing.absent) return -1
    const why = 'fault' in listing ? listing.fault : 'does not answer'
    return { outOfReach: `The disk with the results of ${instrument.name} ${why} (${path}).` }
  },

  findScript: async (instrument) => {
    const reading = await readers.readScript(instrument)
    switch (reading.kind) {
      case 'read': {
        const files = reading.files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') }))
        return { kind: 'script', files }
      }
      case 'missing':
      case 'empty':
        return { kind: 'no-script', reason: reading.reason }
      case 'unreadable':
      case 'changing':
      case 'hung':
        return { kind: 'not-yet', reason: reading.reason }
    }
  },
})
