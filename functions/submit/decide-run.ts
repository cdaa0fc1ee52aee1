import { parseRbNumber } from '#domain/rb-number.ts'
import { instrumentInactive, noExperiment } from '#domain/skip-reasons.ts'
import { secondsUntilNextTry, secondsUntilUnchangedMeansFinished } from '#domain/waiting.ts'
import type { RecordedMetadata } from '#database/queries/record-reductions.ts'
import type { KnownDetection, KnownRun } from '#database/queries/submission-facts.ts'

export type SeenFile = { readonly sizeBytes: number; readonly modifiedAt: Date }

/** What looking for a run's file came to. */
export type Finding =
  | { readonly kind: 'read'; readonly metadata: Omit<RecordedMetadata, 'rbNumber'> }
  /** Nothing to reduce, ever: another kind of file, another run's file. */
  | { readonly kind: 'unfit'; readonly reason: string }
  /** Not there, not readable, still growing. */
  | { readonly kind: 'not-yet'; readonly reason: string; readonly file: SeenFile | undefined }
  /** It is there and is not HDF5: still being copied, or broken if it does not change any more. */
  | { readonly kind: 'broken-or-growing'; readonly reason: string; readonly file: SeenFile }

export type Decision =
  | { readonly do: 'queue'; readonly metadata: RecordedMetadata | undefined; readonly rbNumber: number }
  | {
      readonly do: 'skip'
      readonly reason: string
      readonly metadata: RecordedMetadata | undefined
      readonly rbNumber: number | null
    }
  | {
      readonly do: 'wait'
      readonly reason: string
      readonly nextTryInSeconds: number
      readonly file: SeenFile | undefined
      readonly hasFileChanged: boolean
      /** What must come: something of the archive, which may be given up, or the disk for the results, which may not. */
      readonly awaits: 'archive' | 'results'
    }

export type ScriptFinding =
  | { readonly kind: 'script' }
  | { readonly kind: 'no-script'; readonly reason: string }
  /** The script's folder hangs or cannot be read now. */
  | { readonly kind: 'not-yet'; readonly reason: string }

type Circumstances = {
  readonly instrument: string
  readonly isActive: boolean
  readonly script: ScriptFinding
  readonly detection: KnownDetection | undefined
}

const isSameFile = (detection: KnownDetection | undefined, file: SeenFile): boolean =>
  detection?.fileSizeBytes === file.sizeBytes && detection.fileModifiedAt?.getTime() === file.modifiedAt.getTime()

const wait = (
  reason: string,
  file: SeenFile | undefined,
  { detection }: Circumstances,
): Extract<Decision, { do: 'wait' }> => ({
  do: 'wait',
  reason,
  nextTryInSeconds: secondsUntilNextTry(detection?.waitedSeconds ?? 0),
  file,
  hasFileChanged: file !== undefined && !isSameFile(detection, file),
  awaits: 'archive',
})

const decideKnown = (
  rbText: string | null,
  rbNumber: number | null,
  metadata: RecordedMetadata | undefined,
  circumstances: Circumstances,
): Decision => {
  const { script, instrument, isActive } = circumstances
  if (rbNumber === null) return { do: 'skip', reason: noExperiment(rbText), metadata, rbNumber }
  if (!isActive) return { do: 'skip', reason: instrumentInactive(instrument), metadata, rbNumber }
  switch (script.kind) {
    case 'no-script':
      return { do: 'skip', reason: script.reason, metadata, rbNumber }
    case 'not-yet':
      return wait(script.reason, undefined, circumstances)
    case 'script':
      return { do: 'queue', metadata, rbNumber }
  }
}

/** A run whose file was looked for just now: reduce it, skip it with a reason, or wait for it. */
export const decideFound = (finding: Finding, circumstances: Circumstances): Decision => {
  switch (finding.kind) {
    case 'unfit':
      return { do: 'skip', reason: finding.reason, metadata: undefined, rbNumber: null }
    case 'not-yet':
      return wait(finding.reason, finding.file, circumstances)
    case 'broken-or-growing': {
      const { detection } = circumstances
      const isFinished =
        isSameFile(detection, finding.file) && (detection?.unchangedSeconds ?? 0) >= secondsUntilUnchangedMeansFinished
      if (!isFinished) return wait(finding.reason, finding.file, circumstances)
      const minutes = Math.floor((detection?.unchangedSeconds ?? 0) / 60)
      const reason = `${finding.reason} It has not changed for ${minutes} minutes, so it is not being copied any more. If the file is mended, submit the run again.`
      return { do: 'skip', reason, metadata: undefined, rbNumber: null }
    }
    case 'read': {
      const rbNumber = parseRbNumber(finding.metadata.rbText ?? '') ?? null
      return decideKnown(finding.metadata.rbText, rbNumber, { ...finding.metadata, rbNumber }, circumstances)
    }
  }
}

/** A run that the database knows already: its file is not read again. */
export const decideReRun = (run: KnownRun, circumstances: Circumstances): Decision =>
  decideKnown(run.rbText, run.rbNumber, undefined, circumstances)

/** A run that is fit, and whose results' disk does not say which versions lie there: ours must not meet them. */
export const waitForResults = (reason: string, circumstances: Circumstances): Decision => ({
  ...wait(reason, undefined, circumstances),
  awaits: 'results',
})
