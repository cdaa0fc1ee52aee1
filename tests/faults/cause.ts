import type { Stack } from '../a-stack/start-stack.ts'
import type { Struck } from './strike.ts'

export type Strike = (struck: Struck) => Promise<void>

export type Prepared = {
  readonly strike: Strike
  /** Called after everything has been looked at. */
  readonly undo: () => Promise<void>
  /** A notice must have said that results could not be written, and must have ended. */
  readonly holdsResults?: boolean
}

export type Cause = {
  readonly name: string
  /** Lengths of the scripts, in seconds, by run number. */
  readonly scripts?: readonly number[]
  /** How many runs each instrument announces, where that is another number than usual. */
  readonly runsEach?: number
  /** Takes long: not among those that are tried where none is named. */
  readonly isOnlyByName?: true
  /** Detection must have looked again before all counts as well. */
  readonly detects?: boolean
  /** Before the load begins. */
  readonly prepare: (stack: Stack) => Promise<Prepared>
  /** An Error with such a reason is the right end here; when the cause is gone a re-run must complete. */
  readonly errorsInOrder?: RegExp
  /** It may also come about that none ends so. */
  readonly errorsAreRare?: true
  /** Nothing may count as a lost worker. */
  readonly losesNoWorker?: boolean
}
