import type { Environment } from '#contracts/environments.ts'
import type { ScriptFiles } from '#contracts/script.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import type { FetchedFile } from './fetch-variable-files.ts'
import type { RunnerReport, ScriptEnd } from './runner-events.ts'

/** `best`: whatever holds on this machine; `required`: isolation, or no work; `none`: none is tried. */
export const isolations = ['best', 'required', 'none'] as const
export type Isolation = (typeof isolations)[number]

/** What the runner is asked to do. */
export type RunnerJob =
  | {
      readonly mode: 'reduce'
      /** A list for a batch. */
      readonly inputFile: string | readonly string[]
      readonly outputDirectory: string
      readonly given: GivenArguments
      /** Files that variables mean, fetched before: the script has no network. */
      readonly files?: readonly FetchedFile[]
    }
  | {
      readonly mode: 'read-variables'
      /** Variables that no form can hold are told one by one; else the first few refuse the whole file. */
      readonly tellEach?: boolean
    }
  /** Looks these files over, without executing them; `otherFiles` lie beside them and are not taken along. */
  | {
      readonly mode: 'check'
      readonly files: readonly string[]
      readonly otherFiles: readonly string[]
    }
  /** Looks round: does the isolation hold? `hidden` is a file that a script must not see. */
  | { readonly mode: 'probe'; readonly outputDirectory: string; readonly hidden: string }

/** What a script may use of the machine. What is left out is not limited. */
export type ScriptLimits = {
  /** Of all its processes together, and asked for by any one of them. */
  readonly memoryBytes?: number
  readonly processes?: number
  /** By each process. */
  readonly openFiles?: number
  /** Of one file. */
  readonly fileBytes?: number
  /** Its own /tmp, HOME in it, and its own /dev/shm, each; they lie in memory. Isolated ways only. */
  readonly temporaryBytes: number
}

export type Launch = {
  readonly software: Environment
  /** Unique among all jobs of all processors. */
  readonly name: string
  readonly script: ScriptFiles
  readonly job: RunnerJob
  /** The input files' names without links, where they are known: links beside them may use either. */
  readonly inputRealPaths?: readonly string[]
  readonly limits: ScriptLimits
  /** Both streams in the order of writing; the script waits while this does. The bytes may be kept no longer than that. */
  readonly onLog: (bytes: Buffer) => Promise<void>
  readonly onReport: (report: RunnerReport) => void
}

export type LaunchedScript = {
  /** Settles when nothing of it is left and the log is read to its end. Never rejects. */
  readonly ended: Promise<ScriptEnd>
  /** Ends it and all it has started, at once. */
  readonly end: () => void
}

/** A way to run scripts. Whatever the way: everything that the script starts ends with it, and with this process. */
export type Launcher = {
  /** For provenance and health: what holds back a script of this environment. */
  readonly isolationOf: (software: Environment) => string
  readonly launch: (launch: Launch) => LaunchedScript
  /** Ends what it keeps running between scripts. */
  readonly close: () => Promise<void>
}
