import type { FinalState } from '#domain/reduction-states.ts'
import type { ExceededOutput } from '#results/measure-output.ts'
import type { ScriptLimits } from './launcher.ts'
import type { ExceededLimit, RunnerReport, ScriptEnd, ScriptExit } from './runner-events.ts'

/** Why we ended a script. `lost` and `released` give the reduction back and have no outcome. */
export type StopReason = 'time-limit' | 'output-limit' | 'file-limit' | 'cancelled' | 'lost' | 'released'

export type Ending = {
  readonly stop: Exclude<StopReason, 'lost' | 'released'> | undefined
  readonly end: ScriptEnd
  /** The last that the script's own process reported of its outcome. */
  readonly report: Extract<RunnerReport, { kind: 'returned' | 'fault' }> | undefined
  readonly limits: Required<Pick<ScriptLimits, 'memoryBytes' | 'processes'>> & {
    readonly wallSeconds: number
    readonly outputBytes: number
    readonly outputFiles: number
  }
  readonly environment: string
}

export type Outcome = {
  readonly state: Extract<FinalState, 'Completed' | 'Error' | 'Cancelled'>
  readonly reason: string | null
}

const error = (reason: string): Outcome => ({ state: 'Error', reason })

/** What the end of a script means: a state, and a sentence for the scientist who reads it. */
export const decideOutcome = (ending: Ending): Outcome => {
  const { end, stop, limits } = ending
  switch (end.kind) {
    case 'not-started':
      return stop === 'cancelled'
        ? cancelled
        : error(
            `Python of the software environment ${ending.environment} could not be started (${end.cause}). Tell the service's team, or choose another environment.`,
          )
    case 'runner-lost':
      return stop === undefined
        ? error(
            'The process that watches over the script was ended from outside while it ran. Re-run it; if this happens again, the script may be ending processes that are not its own.',
          )
        : stoppedOutcome(stop, limits)
    case 'ended':
      if (stop !== undefined && (end.stopped || end.exit === null)) return stoppedOutcome(stop, limits)
      return end.limit === null ? outcomeOfExit(ending, end.exit) : exceededOutcome(end.limit, limits)
  }
}

const cancelled: Outcome = {
  state: 'Cancelled',
  reason: 'Cancelled while it ran. What it had written until then is kept.',
}

const stoppedOutcome = (stop: NonNullable<Ending['stop']>, limits: Ending['limits']): Outcome => {
  switch (stop) {
    case 'cancelled':
      return cancelled
    case 'time-limit':
      return error(
        `The script was still running after ${duration(limits.wallSeconds)}, the time limit of this instrument, and was ended. Make it faster, or have the limit raised.`,
      )
    case 'output-limit':
      return error(
        `The script wrote more than ${gigabytes(limits.outputBytes)} and was ended. Write less, or have the limit raised.`,
      )
    case 'file-limit':
      return error(
        `The script wrote more than ${limits.outputFiles} files and was ended. Write fewer, for example into one HDF5 file.`,
      )
  }
}

/** Of a script that had ended before what it wrote was found to be too much. All of it is kept. */
export const outcomesOfTooMuch = (limits: Ending['limits']): Readonly<Record<ExceededOutput, Outcome>> => ({
  'output-limit': error(
    `The script ended by itself, but wrote more than ${gigabytes(limits.outputBytes)}, the most it may. Write less, or have the limit raised.`,
  ),
  'file-limit': error(
    `The script ended by itself, but wrote more than ${limits.outputFiles} files, the most it may. Write fewer, for example into one HDF5 file.`,
  ),
})

const exceededOutcome = (limit: ExceededLimit, limits: Ending['limits']): Outcome => {
  switch (limit) {
    case 'memory':
      return error(
        `The script and what it started used more than ${gigabytes(limits.memoryBytes)} of memory and were ended. Let it use less at a time, or have the limit raised.`,
      )
    case 'temporary-files':
      return error(
        'The script made more temporary files than there is room for and was ended. Delete those that are done with, or make fewer.',
      )
    case 'processes':
      return error(
        `The script had more than ${limits.processes} processes at a time and was ended with all of them. Let it start fewer.`,
      )
  }
}

const outcomeOfExit = ({ report, limits, end }: Ending, exit: ScriptExit | null): Outcome => {
  // A single file that grew too large: the same to its author as all of them together.
  if (report?.kind === 'fault' && report.fault.kind === 'output-limit') return stoppedOutcome('output-limit', limits)
  if (report?.kind === 'fault') return error(report.fault.message)
  const hasReturned = report?.kind === 'returned'
  if (exit === null) return error('The script ended in a way that could not be observed. Re-run it.')
  if ('signal' in exit) return error(hasReturned ? crashedAtTheEnd(exit.signal) : killedBy(exit.signal, placeOf(end)))
  // 120: Python could not write the last of its output; the log says as much.
  if (hasReturned && (exit.code === 0 || exit.code === 120)) return { state: 'Completed', reason: null }
  if (hasReturned)
    return error(
      `main returned, but the script's process then ended with status ${exit.code}. Look at the end of the log.`,
    )
  return error(
    `The script ended its own process with status ${exit.code} before main returned. Let main return instead of calling os._exit or quitting from native code.`,
  )
}

const crashes: Readonly<Record<string, string>> = {
  SIGSEGV: 'segmentation fault',
  SIGBUS: 'bus error',
  SIGILL: 'illegal instruction',
  SIGFPE: 'arithmetic error',
  SIGABRT: 'aborted',
  SIGSYS: 'forbidden system call',
  SIGTRAP: 'trap',
}

const placeOf = (end: ScriptEnd): string | null => (end.kind === 'ended' ? end.crashedIn : null)

const killedBy = (signal: string, place: string | null): string => {
  const crash = crashes[signal]
  if (crash !== undefined) {
    const where =
      place === null
        ? 'Which line called it is not known.'
        : `It was called in ${place}; the end of the log shows the way there.`
    return `The script crashed in native code (${crash}), in a library rather than in Python. ${where}`
  }
  if (signal === 'SIGKILL') {
    return 'The script was killed from outside, most likely because the machine ran out of memory. Let it use less at a time, then re-run it.'
  }
  return `The script was ended by the signal ${signal}, which it or a program that it started sent.`
}

const crashedAtTheEnd = (signal: string): string =>
  `main returned, but Python then crashed while it shut down (${crashes[signal] ?? signal}). Files that the script had not closed may be incomplete.`

/** `90 s`, `20 min`, `1 h`. */
const duration = (seconds: number): string => {
  if (seconds >= 3600 && seconds % 3600 === 0) return `${seconds / 3600} h`
  if (seconds >= 120 && seconds % 60 === 0) return `${seconds / 60} min`
  return `${seconds} s`
}

const gigabytes = (bytes: number): string =>
  bytes >= 1024 ** 3 ? `${Math.round(bytes / 1024 ** 3)} GB` : `${Math.round(bytes / 1024 ** 2)} MB`

/** What else happened, for the end of the log. */
export const remarksOf = (ending: Ending): readonly string[] => {
  const { end, report } = ending
  const remarks: string[] = []
  if (report?.kind === 'returned' && report.badReturn !== null) remarks.push(report.badReturn)
  if (end.kind === 'ended' && !end.stopped && end.endedProcesses > 0) {
    remarks.push(`The script left ${end.endedProcesses} of its processes running; they were ended with it.`)
  }
  if (end.kind === 'ended' && end.survivors > 0) {
    remarks.push(`${end.survivors} of its processes could not be ended at once.`)
  }
  return remarks
}
