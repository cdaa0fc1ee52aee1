import { constants } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import type { ResultFile } from '#contracts/api.ts'
import type { OperationContext } from '#file-workers/serve-calls.ts'
import { chooseExtraDirectories, copyToExtraDirectories, type ExtraDirectory } from '../extra-directories.ts'
import type { FileModes } from '../file-modes.ts'
import { listInstrumentFolders, listStaged, removeStaged, type StagedEntry } from '../left-attempts.ts'
import { listOutputs } from '../list-outputs.ts'
import { applyLogChange, finishLog, type LogChange, type LogEnd } from '../log-changes.ts'
import { assertMounted, type InstrumentPlace } from '../look-at-place.ts'
import { exceeded, exceedsOutput, type ExceededOutput, type OutputLimits } from '../measure-output.ts'
import { placeFlat } from '../place-flat.ts'
import { probePlace } from '../probe.ts'
import type { Provenance } from '../provenance.ts'
import { publish, type Publication } from '../publish.ts'
import { readRecord } from '../read-record.ts'
import { openRegular } from '../regular-file.ts'
import type { Attempt } from '../result-paths.ts'
import { seal } from '../seal.ts'
import { discardStaging, stage, type Staging } from '../stage.ts'
import { tidyStaging } from '../tidy-staging.ts'

/** Size and time of a file, and its name without links; null where it is not there, or may not be looked at. */
export type FileLook = {
  readonly sizeBytes: number | null
  readonly modifiedAt: string | null
  readonly realPath: string | null
}

/** What is found on the disk of a script that succeeded by its own account. */
type SpoiledBy = ExceededOutput | 'removed'

/**
 * All that is done on the results disk by processes that can be given up: the one list of operations. Inputs and outputs can be
 * cloned from process to process. What is thrown reaches the caller as a `ResultsFault`.
 */
export const operations = {
  probe: ({
    place,
    name,
    modes,
  }: {
    readonly place: InstrumentPlace
    readonly name: string
    readonly modes: FileModes
  }) => probePlace(place, name, modes),

  stage: (
    input: {
      readonly resultsRoot: string
      readonly attempt: Attempt
      readonly modes: FileModes
      readonly wasOwnDisk: boolean
    },
    { progress }: OperationContext,
  ) => stage(input.resultsRoot, input.attempt, input.modes, input.wasOwnDisk, progress),

  appendLog: ({ log, change }: { readonly log: string; readonly change: LogChange }) => applyLogChange(log, change),

  measure: (input: { readonly directory: string; readonly most: OutputLimits }, { progress }: OperationContext) =>
    exceedsOutput(input.directory, input.most, progress),

  /**
   * Makes what a script left behind into results: tidied, its log finished and with the record beside it, all on disk and listed. Only the
   * rename is left. One step and not several, since each is waited for by a slot.
   */
  seal: async (
    input: {
      readonly staging: Staging
      readonly logEnd: LogEnd
      readonly remarks: { readonly ofRun: readonly string[]; readonly ofCopies: readonly string[] }
      readonly logName: string
      readonly provenance: Provenance
      readonly most: OutputLimits
      /** What a success becomes that is none by what lies on the disk. */
      readonly instead: Readonly<Record<SpoiledBy, Provenance['outcome']>>
      readonly modes: FileModes
    },
    { progress }: OperationContext,
  ): Promise<{ readonly spoiledBy: SpoiledBy | undefined; readonly outputs: readonly ResultFile[] }> => {
    const { staging, modes, remarks, logName } = input
    const tidied = await tidyStaging(staging.directory, modes, progress)
    const isSuccess = input.provenance.outcome.state === 'Completed'
    const spoiledBy = isSuccess ? (tidied.wasRemoved ? 'removed' : exceeded(tidied.written, input.most)) : undefined
    const outcome = spoiledBy === undefined ? input.provenance.outcome : input.instead[spoiledBy]
    // The log ends with what the portal shows, so that either alone is enough.
    const lastWords = outcome.reason === null ? [] : [`${outcome.state}: ${outcome.reason}`]
    const words = [...remarks.ofRun, ...firstOf(tidied.remarks), ...remarks.ofCopies, ...lastWords]
    const log = await finishLog(staging.log, input.logEnd, words, progress)
    const provenance = { ...input.provenance, outcome }
    await seal({ ...staging, log: log.path }, { logName, provenance }, modes, progress)
    await log.discardParts()
    const { files } = await listOutputs(staging.directory, undefined, progress)
    return { spoiledBy, outputs: files }
  },

  /** What an earlier reduction left on record of itself, as it lies there; undefined where it left nothing. */
  readRecord: ({ directory }: { readonly directory: string }) => readRecord(directory),

  publish: async (input: {
    readonly publication: Publication
    readonly place: InstrumentPlace
    readonly modes: FileModes
  }): Promise<void> => {
    await assertMounted(input.place)
    await publish(input.publication, input.modes)
  },

  placeFlat: (
    input: {
      readonly version: string
      readonly flat: string
      readonly versions: string
      readonly modes: FileModes
    },
    { progress }: OperationContext,
  ) => placeFlat(input.version, input.flat, input.versions, input.modes, progress),

  chooseExtra: (input: {
    readonly returned: readonly string[]
    readonly roots: readonly string[]
    readonly ownResults: string
  }) => chooseExtraDirectories(input.returned, input.roots, input.ownResults),

  copyExtra: (
    input: { readonly results: string; readonly directories: readonly ExtraDirectory[]; readonly modes: FileModes },
    { progress }: OperationContext,
  ) => copyToExtraDirectories(input.results, input.directories, input.modes, progress),

  addRemarks: async (input: { readonly log: string; readonly remarks: readonly string[] }): Promise<void> => {
    const log = await openRegular(input.log, constants.O_WRONLY | constants.O_APPEND)
    try {
      await log?.writeFile(input.remarks.map((remark) => `[${remark}]\n`).join(''))
    } finally {
      await log?.close()
    }
  },

  discard: (input: { readonly resultsRoot: string; readonly attempt: Attempt }, { progress }: OperationContext) =>
    discardStaging(input.resultsRoot, input.attempt, progress),

  listFolders: ({ resultsRoot }: { readonly resultsRoot: string }) => listInstrumentFolders(resultsRoot),

  listStaged: ({ resultsRoot, instrument }: { readonly resultsRoot: string; readonly instrument: string }) =>
    listStaged(resultsRoot, instrument),

  removeStaged: async (
    input: { readonly resultsRoot: string; readonly entries: readonly StagedEntry[] },
    { progress }: OperationContext,
  ): Promise<void> => {
    for (const entry of input.entries) await removeStaged(input.resultsRoot, entry, progress)
  },

  /** Files of the archive: a drive that hangs there costs no thread of ours either. */
  lookAtFiles: ({ paths }: { readonly paths: readonly string[] }): Promise<readonly FileLook[]> =>
    Promise.all(
      paths.map(async (path) => {
        const [found, realPath] = await Promise.all([
          stat(path).catch(() => undefined),
          realpath(path).catch(() => null),
        ])
        return { sizeBytes: found?.size ?? null, modifiedAt: found?.mtime.toISOString() ?? null, realPath }
      }),
    ),
} as const

/** A script may leave a hundred thousand links; a log is read by people. */
const mostRemarks = 200

const firstOf = (remarks: readonly string[]): readonly string[] =>
  remarks.length <= mostRemarks
    ? remarks
    : [...remarks.slice(0, mostRemarks), `${remarks.length - mostRemarks} more of the kind are not listed.`]

type Operations = typeof operations
export type DiskOperation = keyof Operations
export type DiskInput<Name extends DiskOperation> = Parameters<Operations[Name]>[0]
export type DiskOutput<Name extends DiskOperation> = Awaited<ReturnType<Operations[Name]>>
