import type { Detection, Instrument, Reduction, Run, RunConfiguration } from '#contracts/api.ts'
import type { Notice } from '#contracts/notices.ts'
import type { Pause } from '#contracts/decisions.ts'
import type { ReductionState } from '#domain/reduction-states.ts'
import { filesFor, sampleLog } from './sample-files.ts'
import { changedVariables, scriptVariables } from './sample-script.ts'

/** A service in memory: what the stub answers from. Tests and the development server change it as time would. */
export type StoredFile = {
  readonly path: string
  readonly mediaType: string
  readonly plot: 'image' | 'plotly' | null
  readonly bytes: Buffer
}
export type StoredReduction = Omit<Reduction, 'runs' | 'versions' | 'previousRun' | 'nextRun'> & {
  readonly runNumber: number
  readonly log: string
  readonly files: readonly StoredFile[]
  /** Of a batch: its runs. */
  readonly batchRuns?: readonly number[] | undefined
}
export type StoredInstrument = Omit<Instrument, 'latestRun' | 'queued' | 'processing' | 'waiting'>
export type World = {
  readonly instruments: Map<string, StoredInstrument>
  readonly runs: Map<string, Omit<Run, 'latest'>>
  readonly reductions: Map<number, StoredReduction>
  readonly detections: Map<number, Detection>
  readonly notices: Map<number, Notice>
  /** Why everything is paused. */
  pause: Pause | null
  /** Why nothing can be reproduced. */
  reproductionRefusal: string | null
  readonly configurations: Map<number, RunConfiguration & { readonly instrument: string }>
}

export const runKey = (instrument: string, runNumber: number): string => `${instrument}/${runNumber}`

export const at = (now: number, secondsAgo: number): string => new Date(now - secondsAgo * 1000).toISOString()

type Given = {
  state: ReductionState
  reason?: string
  secondsAgo: number
  took?: number
  version?: number
  log?: string
  place?: number
  changed?: boolean
  startedBy?: string
  submission?: string
  batchRuns?: readonly number[]
  reproduces?: { readonly reductionId: number; readonly version: number }
  cancelRequestedBy?: string
}

let nextId = 4000

/** Records one reduction of a run. */
export const addReduction = (
  world: World,
  now: number,
  instrument: string,
  runNumber: number,
  given: Given,
): StoredReduction => {
  const run = world.runs.get(runKey(instrument, runNumber))
  const id = (nextId += 1)
  const isDone = given.state !== 'Queued' && given.state !== 'Processing'
  const version = given.version ?? 0
  const rbNumber = run?.rbNumber ?? null
  const folder = `${instrument}/RBNumber/RB${rbNumber}/autoreduced/${runNumber}/run-version-${version}`
  const isSkipped = given.state === 'Skipped'
  const reduction: StoredReduction = {
    id,
    instrument,
    runNumber,
    version,
    state: given.state,
    reason: given.reason ?? null,
    class: version === 0 ? 'fresh' : 'rerun',
    place: given.place ?? null,
    held: null,
    cancelRequestedBy: given.cancelRequestedBy ?? null,
    cancelRequestedAt: given.cancelRequestedBy === undefined ? null : at(now, given.secondsAgo - (given.took ?? 0)),
    submission: given.submission ?? null,
    isBatch: given.batchRuns !== undefined,
    inBatches: [],
    batchRuns: given.batchRuns,
    reproduces: given.reproduces ?? null,
    rbNumber,
    startedBy: given.startedBy ?? (version === 0 ? 'detection' : 'instrument scientist'),
    description: version === 0 ? null : 'With the new vanadium run',
    software: isSkipped ? null : { name: 'Scipp', version: '26.1' },
    scriptSha256: isSkipped
      ? null
      : `${version === 0 ? '3f2a' : '9b1e'}91c0d4b5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f`,
    variables: isSkipped ? [] : given.changed ? changedVariables() : [...scriptVariables],
    variablesLeftOut: [],
    submittedAt: at(now, given.secondsAgo + 1),
    startedAt: given.state === 'Queued' || isSkipped ? null : at(now, given.secondsAgo),
    finishedAt: isDone ? at(now, given.secondsAgo - (given.took ?? 0)) : null,
    durationSeconds: isDone && !isSkipped ? (given.took ?? 0) : null,
    typicalSeconds: world.instruments.get(instrument)?.typicalSeconds ?? null,
    resultsPath: isSkipped ? null : `/instrument/${folder}`,
    resultsPathWindows: isSkipped ? null : `\\\\isis\\inst$\\${folder.replaceAll('/', '\\')}`,
    dataPaths: [
      {
        linux: `/isis/NDX${instrument}/Instrument/data/cycle_18_03/${instrument}00${runNumber}.nxs`,
        windows: `\\\\isis\\inst$\\NDX${instrument}\\Instrument\\data\\cycle_18_03\\${instrument}00${runNumber}.nxs`,
      },
    ],
    log:
      given.log ??
      (given.state === 'Completed'
        ? sampleLog(instrument, runNumber)
        : given.state === 'Processing'
          ? sampleLog(instrument, runNumber).split('\n').slice(0, 4).join('\n') + '\n'
          : ''),
    files: given.state === 'Completed' ? filesFor(instrument, runNumber) : [],
  }
  world.reductions.set(id, reduction)
  return reduction
}

/** Records one measured run. */
export const addRun = (
  world: World,
  now: number,
  instrument: string,
  runNumber: number,
  title: string | null,
  given: { rb?: number | null; charge?: number; minutes?: number; secondsAgo: number },
): void => {
  const rbNumber = given.rb === undefined ? 1_920_234 : given.rb
  const minutes = given.minutes ?? 5
  world.runs.set(runKey(instrument, runNumber), {
    instrument,
    runNumber,
    title,
    rbNumber,
    rbText: rbNumber === null ? '0' : String(rbNumber),
    startedAt: at(now, given.secondsAgo + minutes * 60),
    endedAt: at(now, given.secondsAgo),
    goodFrames: Math.round(minutes * 60 * 9.6),
    rawFrames: minutes * 600,
    protonCharge: given.charge ?? minutes * 2.4,
  })
}

/** Makes an instrument known. */
export const addInstrument = (world: World, now: number, name: string, more: Partial<StoredInstrument> = {}): void => {
  world.instruments.set(name, {
    name,
    isActive: true,
    isPaused: false,
    pausedReason: null,
    pause: null,
    lastRun: null,
    lastRunAt: null,
    lastLookAt: at(now, 4),
    problem: null,
    typicalSeconds: 40,
    ...more,
  })
}

/** A service that was installed a minute ago. */
export const newWorld = (): World => ({
  instruments: new Map(),
  runs: new Map(),
  reductions: new Map(),
  detections: new Map(),
  notices: new Map(),
  pause: null,
  reproductionRefusal: null,
  configurations: new Map(),
})
