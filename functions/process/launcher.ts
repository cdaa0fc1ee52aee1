import type { GivenArguments } from '#contracts/variables.ts'
import type { FetchedFile } from './fetch-variable-files.ts'
import type { RunnerReport, ScriptEnd } from './runner-events.ts'

/** What the runner is asked to do; the file that it reads. */
export type RunnerJob =
  | {
      readonly mode: 'reduce'
      readonly scriptDirectory: string
      /** A list for a batch. */
      readonly inputFile: string | readonly string[]
      readonly outputDirectory: string
      readonly given: GivenArguments
      /** Files that variables mean, fetched before: the script has no network. */
      readonly files?: readonly FetchedFile[]
    }
  | {
      readonly mode: 'read-variables'
      readonly scriptDirectory: string
      /** Variables that no form can hold are told one by one; else the first few refuse the whole file. */
      readonly tellEach?: boolean
    }
  /** Looks these files over, without executing them; `otherFiles` lie beside them and are not taken along. */
  | {
      readonly mode: 'check'
      readonly scriptDirectory: string
      readonly files: readonly string[]
      readonly otherFiles: readonly string[]
    }

export type Launch = {
  readonly interpreter: string
  readonly job: RunnerJob
  /** A directory of this job alone: the job file, HOME and TMPDIR lie there. */
  readonly scratch: string
  /** All that the script sees of the environment; `marker` is in it. */
  readonly environment: Readonly<Record<string, string>>
  /** `NAME=value`, in the environment of everything that this job starts and of nothing else. */
  readonly marker: string
  /** Both streams in the order of writing; the script waits while this does. */
  readonly onLog: (bytes: Buffer) => Promise<void>
  readonly onReport: (report: RunnerReport) => void
}

export type LaunchedScript = {
  /** Settles when nothing of it is left and the log is read to its end. Never rejects. */
  readonly ended: Promise<ScriptEnd>
  /** Ends it and all it has started, at once. */
  readonly end: () => void
}

/**
 * A way to run scripts. Whatever the way: everything that the script starts ends with it, and with this process. Isolated ways and
 * prepared workers are further implementations of this port.
 */
export type Launcher = {
  /** For provenance and health: what holds the script back. */
  readonly isolation: string
  readonly launch: (launch: Launch) => LaunchedScript
}
