import type { RawFileMetadata } from './raw-file-metadata.ts'

/** A file as last seen: one that has not changed for some minutes is not being copied any more. */
type FileFacts = { readonly path: string; readonly sizeBytes: number; readonly modifiedAt: Date }

/** What was found where a run's raw file should be. Every `reason` is a sentence a scientist can act on. */
export type RawFileReading =
  | { readonly kind: 'read'; readonly file: FileFacts; readonly metadata: RawFileMetadata }
  | { readonly kind: 'absent'; readonly reason: string }
  /** Only the VMS file lies there; the NeXus file may yet come. */
  | { readonly kind: 'only-raw'; readonly path: string; readonly reason: string }
  /** Not readable now: permission, a directory or a pipe of that name, an error of the network drive. */
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: string }
  | { readonly kind: 'changing'; readonly file: FileFacts; readonly reason: string }
  | { readonly kind: 'not-hdf5'; readonly file: FileFacts; readonly reason: string }
  | { readonly kind: 'incomplete'; readonly file: FileFacts; readonly reason: string }
  | { readonly kind: 'not-nexus'; readonly file: FileFacts; readonly reason: string }
  | { readonly kind: 'hdf4'; readonly file: FileFacts; readonly reason: string }
  | {
      readonly kind: 'run-number-mismatch'
      readonly file: FileFacts
      readonly metadata: RawFileMetadata
      readonly reason: string
    }
