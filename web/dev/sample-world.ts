import type { Detection, Instrument, Notice, Reduction, Run, RunConfiguration } from '#contracts/api.ts'
import type { Pause } from '#contracts/decisions.ts'
import type { ReductionState } from '#domain/reduction-states.ts'
import type { Variable } from '#domain/variables.ts'
import { asymmetry, diffraction, map, picture, reflectivity } from './sample-figures.ts'

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

const at = (now: number, secondsAgo: number): string => new Date(now - secondsAgo * 1000).toISOString()
/** Samples are drawn once; hundreds of reductions share them. */
const drawn = new Map<string, Buffer>()
const once = (name: string, draw: () => Buffer): Buffer => {
  const bytes = drawn.get(name) ?? draw()
  drawn.set(name, bytes)
  return bytes
}
const json = (path: string, figure: () => unknown): StoredFile => ({
  path,
  mediaType: 'application/json',
  plot: 'plotly',
  bytes: once(figure.name, () => Buffer.from(JSON.stringify(figure()))),
})
const image = (path: string, phase: number): StoredFile => ({
  path,
  mediaType: 'image/png',
  plot: 'image',
  bytes: once(`picture ${phase}`, () => picture(phase)),
})
const other = (path: string, mediaType: string, size: number): StoredFile => ({
  path,
  mediaType,
  plot: null,
  bytes: once(`blank ${size}`, () => Buffer.alloc(size, 32)),
})

const filesFor = (instrument: string, run: number): readonly StoredFile[] => {
  const stem = `${instrument}${run}`
  const rest = [
    other(`${stem}_reduced.nxs`, 'application/x-hdf5', 3_140_000),
    other('provenance.json', 'application/json', 2_210),
    other(`reduction_log/RB_1920234_Run_${run}_Script.out`, 'text/plain', 812),
  ]
  switch (instrument) {
    case 'HIFI':
      return [json(`${stem}_asymmetry.json`, asymmetry), image(`${stem}_groups.png`, 1), ...rest]
    case 'INTER':
      return [json(`${stem}_reflectivity.json`, reflectivity), ...rest]
    case 'LOQ':
    case 'SANS2D':
      return [json(`${stem}_detector.json`, map), image(`${stem}_radial.png`, 0), ...rest]
    case 'ALF':
      return rest
    default:
      return [
        json(`${stem}_focused.json`, diffraction),
        image(`${stem}_bank_1.png`, 0),
        image(`${stem}_bank_2.png`, 2),
        ...rest,
      ]
  }
}

export const sampleLog = (instrument: string, run: number): string =>
  [
    `Reading ${instrument}00${run}.nxs: 2,509 spectra, 8,793 time channels`,
    'Proton charge 22.57 µA·h, 18,992 good frames',
    'WARNING: 12 spectra have no geometry and are left out',
    'Focusing bank 1 of 2 (North), 1,200 spectra',
    'Focusing bank 2 of 2 (South), 1,200 spectra',
    'Peaks found at 1.913, 1.353, 1.105 Å',
    `Saved ${instrument}${run}_focused.nxs, 3.1 MB`,
    '',
  ].join('\n')

const traceback = `Reading ENGINX00299079.nxs: 2,509 spectra, 8,793 time channels
Looking for the vanadium run 236516 in cycle_18_03, cycle_18_02, cycle_18_01
Traceback (most recent call last):
  File "/isis/NDXENGINX/user/scripts/autoreduction/reduce.py", line 41, in main
    vanadium = load_vanadium(web_var.standard_vars['vanadium_run'])
  File "/isis/NDXENGINX/user/scripts/autoreduction/reduce.py", line 17, in load_vanadium
    raise FileNotFoundError(f'vanadium run {number} not found')
FileNotFoundError: vanadium run 236516 not found
`

const text = (value: string): Variable['value'] => ({ type: 'string', value })
const whole = (value: string): Variable['value'] => ({ type: 'integer', value })
const decimal = (value: string): Variable['value'] => ({ type: 'float', value })

const fileOf = (file: string): Variable['value'] => ({
  type: 'mapping',
  ordered: false,
  entries: [
    [text('url'), text('https://raw.githubusercontent.com/facility/calibration/main/ENGINX/')],
    [text('default'), text(file)],
  ],
})

export const scriptVariables: readonly Variable[] = [
  { group: 'standard', name: 'vanadium_run', value: whole('236516'), help: 'Run used for normalisation' },
  {
    group: 'standard',
    name: 'do_absorption',
    value: { type: 'boolean', value: false },
    help: 'Correct for absorption in the sample',
  },
  { group: 'standard', name: 'unit', value: text('dSpacing') },
  {
    group: 'standard',
    name: 'bins',
    value: { type: 'list', items: [decimal('0.9'), decimal('-0.001'), decimal('2.2')] },
    help: 'First edge, step (negative: logarithmic), last edge',
  },
  { group: 'standard', name: 'title suffix', value: text('hello, world') },
  {
    group: 'advanced',
    name: 'UB Matrix',
    value: {
      type: 'mapping',
      ordered: false,
      entries: [
        [text('a'), { type: 'tuple', items: [whole('1'), whole('0'), whole('0')] }],
        [text('b'), { type: 'tuple', items: [whole('0'), whole('1'), whole('0')] }],
      ],
    },
    help: 'Orientation of the crystal; leave as it is for powders',
  },
  { group: 'advanced', name: 'bkgd-range-min', value: decimal('0.05') },
  { group: 'advanced', name: 'calibration_file', value: fileOf('north_2018.dat'), help: 'Offsets of the detectors' },
  { group: 'advanced', name: 'mask_file', value: { type: 'none' }, help: 'Path of a mask, or None' },
]

export const scriptText = `import reduce_vars as web_var
from pathlib import Path


def main(input_file, output_dir):
    """Focus both banks and save them."""
    variables = web_var.standard_vars
    print(f'Reading {Path(input_file).name}')
    focus(input_file, output_dir, unit=variables['unit'], bins=variables['bins'])
`

const changedVariables = (): Reduction['variables'] =>
  scriptVariables.map((variable) => {
    if (variable.name === 'vanadium_run') return { ...variable, value: whole('241390'), default: variable.value }
    if (variable.name === 'do_absorption')
      return { ...variable, value: { type: 'boolean', value: true }, default: variable.value }
    return { ...variable }
  })

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

const addInstrument = (world: World, now: number, name: string, more: Partial<StoredInstrument> = {}): void => {
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

const emptyWorld = (): World => ({
  instruments: new Map(),
  runs: new Map(),
  reductions: new Map(),
  detections: new Map(),
  notices: new Map(),
  pause: null,
  reproductionRefusal: null,
  configurations: new Map(),
})

/** A service that was installed a minute ago. */
export const newWorld = emptyWorld

/** A night shift: something of everything, long titles and failures included. */
export const busyWorld = (now = Date.now()): World => {
  const world = emptyWorld()
  addInstrument(world, now, 'ENGINX', { lastRun: 299_081, lastRunAt: at(now, 150) })
  for (let back = 0; back < 184; back += 1) {
    const runNumber = 299_081 - back
    const titles = [
      'Steel rod, 300 K, position',
      'CeO2 4 x 4 x 15, repeat',
      'Weld sample B12 along the toe, transverse strain, slit 4 x 4 mm, stage at -15.125 and load frame at 12 kN, position',
    ]
    addRun(world, now, 'ENGINX', runNumber, `${titles[back === 3 ? 2 : back % 9 === 5 ? 1 : 0]} ${(back % 12) + 1}`, {
      secondsAgo: 150 + back * 330,
      charge: back === 2 ? 0.31 : 12.1 - (back % 5) * 0.1,
    })
    if (back === 0) addReduction(world, now, 'ENGINX', runNumber, { state: 'Processing', secondsAgo: 31 })
    else if (back === 2)
      addReduction(world, now, 'ENGINX', runNumber, {
        state: 'Error',
        reason: 'FileNotFoundError: vanadium run 236516 not found.',
        secondsAgo: 800,
        took: 2,
        log: traceback,
      })
    else if (back === 7)
      addReduction(world, now, 'ENGINX', runNumber, {
        state: 'Skipped',
        reason:
          'The RB number 0 is not an experiment. Give the run an RB number in the control system and submit it again.',
        secondsAgo: 2400,
      })
    else if (back === 9)
      addReduction(world, now, 'ENGINX', runNumber, {
        state: 'Cancelled',
        reason: 'Cancelled while it ran. What it had written until then is kept.',
        cancelRequestedBy: 'Grace Hopper',
        secondsAgo: 3000,
        took: 12,
      })
    else {
      addReduction(world, now, 'ENGINX', runNumber, {
        state: 'Completed',
        secondsAgo: 100 + back * 330,
        took: 40 + (back % 4),
      })
      if (back === 1)
        addReduction(world, now, 'ENGINX', runNumber, {
          state: 'Completed',
          secondsAgo: 290,
          took: 42,
          version: 1,
          changed: true,
        })
    }
  }
  for (const [version, batchRuns] of [
    [299_060, 299_061, 299_064],
    [299_060, 299_061, 299_062, 299_064],
  ].entries())
    addReduction(world, now, 'ENGINX', 299_060, {
      state: 'Completed',
      secondsAgo: 4_000 - version * 900,
      took: 71,
      version,
      batchRuns,
    })
  addInstrument(world, now, 'WISH', { lastRun: 58_120, lastRunAt: at(now, 380), typicalSeconds: 120 })
  addRun(world, now, 'WISH', 58_120, 'YMnO3 powder 1.5 K', { rb: 2_010_881, secondsAgo: 380, minutes: 30 })
  addReduction(world, now, 'WISH', 58_120, {
    state: 'Processing',
    secondsAgo: 250,
    log: 'Starting\n[Notice] LoadRaw: reading period 7 of 22\n',
  })
  addInstrument(world, now, 'INTER', { lastRun: 13_461, lastRunAt: at(now, 190) })
  addRun(world, now, 'INTER', 13_460, 'D2O on silicon, 0.7 degrees', { rb: 1_220_112, secondsAgo: 4000 })
  addReduction(world, now, 'INTER', 13_460, { state: 'Completed', secondsAgo: 3960, took: 6.4 })
  addInstrument(world, now, 'IRIS', { lastRun: 103_226, lastRunAt: at(now, 1100), typicalSeconds: 12 })
  addRun(world, now, 'IRIS', 103_226, 'H2O 5 deg', { rb: 2_010_112, secondsAgo: 1100 })
  addReduction(world, now, 'IRIS', 103_226, { state: 'Completed', secondsAgo: 1090, took: 12 })
  addInstrument(world, now, 'LOQ', { lastRun: 74_014, lastRunAt: at(now, 2460) })
  addRun(world, now, 'LOQ', 74_013, 'Silica 2 % in D2O, front', { rb: 2_210_044, secondsAgo: 3400 })
  addReduction(world, now, 'LOQ', 74_013, { state: 'Completed', secondsAgo: 3300, took: 21 })
  addRun(world, now, 'LOQ', 74_014, 'Silica 2 % in D2O, rear', { rb: 2_210_044, secondsAgo: 2460 })
  addReduction(world, now, 'LOQ', 74_014, {
    state: 'Error',
    reason:
      'The script ran out of memory (limit 8 GB). Use fewer bins, or ask the instrument scientist for a higher limit.',
    secondsAgo: 2450,
    took: 19,
    log: 'Loading\nMemoryError: cannot allocate 9.3 GB\n',
  })
  addInstrument(world, now, 'SANS2D', { lastRun: 22_048, lastRunAt: at(now, 70) })
  addRun(world, now, 'SANS2D', 22_048, 'Standard sample, 12 m', { rb: 2_210_407, secondsAgo: 70 })
  addReduction(world, now, 'SANS2D', 22_048, { state: 'Queued', secondsAgo: 65, place: 2 })
  addInstrument(world, now, 'HIFI', {
    lastRun: 180_594,
    lastRunAt: at(now, 100_000),
    isPaused: true,
    pausedReason: 'changing the cryostat',
    pause: { scope: 'instrument', reason: 'changing the cryostat', by: 'Grace Hopper', at: at(now, 96_000) },
  })
  addRun(world, now, 'HIFI', 180_594, 'Ag calibration TF20', { rb: 1_890_199, secondsAgo: 100_000 })
  addReduction(world, now, 'HIFI', 180_594, { state: 'Completed', secondsAgo: 99_900, took: 3.2 })
  addRun(world, now, 'HIFI', 180_595, 'Ag calibration TF20, held', { rb: 1_890_199, secondsAgo: 90_000 })
  addReduction(world, now, 'HIFI', 180_595, { state: 'Queued', secondsAgo: 89_000 })
  addInstrument(world, now, 'ALF', { lastRun: 82_301, lastRunAt: at(now, 110_000), typicalSeconds: null })
  addRun(world, now, 'ALF', 82_301, 'Crystal alignment, run 3', { rb: null, secondsAgo: 110_000 })
  addReduction(world, now, 'ALF', 82_301, {
    state: 'Skipped',
    reason: '“alignment” is not an RB number, so the run belongs to no experiment.',
    secondsAgo: 109_990,
  })
  addInstrument(world, now, 'MARI', { lastRun: 29_120, lastRunAt: at(now, 5000) })
  addRun(world, now, 'MARI', 29_154, null, { rb: 1_910_077, secondsAgo: 9000 })
  addReduction(world, now, 'MARI', 29_154, { state: 'Completed', secondsAgo: 8900, took: 77 })
  addInstrument(world, now, 'ARGUS', {
    lastRun: 44_309,
    lastRunAt: at(now, 700_000),
    lastLookAt: at(now, 3600),
    problem: 'lastrun.txt cannot be read: the mount does not answer.',
  })
  addInstrument(world, now, 'MERLIN', { isActive: false })

  const detection = (id: number, instrument: string, runNumber: number, more: Partial<Detection>): void => {
    world.detections.set(id, {
      id,
      instrument,
      runNumber,
      state: 'waiting',
      reason: null,
      detectedAt: at(now, 190),
      nextTryAt: new Date(now + 40_000).toISOString(),
      deadlineAt: new Date(now + 23 * 3_600_000).toISOString(),
      tries: 3,
      ...more,
    })
  }
  detection(71, 'INTER', 13_461, { reason: 'Its file INTER00013461.nxs is not in the archive yet.' })
  detection(72, 'VESUVIO', 1_250, {
    reason: 'Only EVS01250.raw lies there; the NeXus file is missing.',
    detectedAt: at(now, 7300),
    nextTryAt: new Date(now + 900_000).toISOString(),
    tries: 14,
  })
  detection(73, 'MARI', 29_101, {
    state: 'given-up',
    reason: 'Its file did not come within 24 hours.',
    detectedAt: at(now, 190_000),
    nextTryAt: null,
    deadlineAt: at(now, 100_000),
    tries: 61,
  })
  world.notices.set(5, {
    id: 5,
    instrument: 'MARI',
    kind: 'counter-stepped-back',
    message: 'The run counter went back from 29154 to 29120. Nothing was submitted.',
    detail: { cursor: 29_154, lastRun: 29_120 },
    choices: ['submit', 'set-cursor', 'dismiss'],
    raisedAt: at(now, 5000),
    lastSeenAt: at(now, 4),
    resolvedAt: null,
    resolution: null,
  })
  world.notices.set(6, {
    id: 6,
    instrument: 'ARGUS',
    kind: 'lastrun-problem',
    message: 'lastrun.txt cannot be read: the mount does not answer. Other instruments are not affected.',
    detail: {},
    choices: [],
    raisedAt: at(now, 3600),
    lastSeenAt: at(now, 4),
    resolvedAt: null,
    resolution: null,
  })
  const configuration = (
    id: number,
    source: RunConfiguration['source'],
    secondsAgo: number,
    variables: RunConfiguration['variables'],
    description: string | null = null,
  ): void => {
    world.configurations.set(id, {
      id,
      instrument: 'ENGINX',
      source,
      variables,
      description,
      revision: 1,
      changedBy: 'instrument scientist',
      changedAt: at(now, secondsAgo),
    })
  }
  const vanadium = whole('236516')
  configuration(
    31,
    { kind: 'start-run', startRun: 299_040 },
    43_000,
    [
      { group: 'standard', name: 'vanadium_run', value: whole('241391'), default: vanadium },
      {
        group: 'advanced',
        name: 'calibration_file',
        value: fileOf('north_2026.dat'),
        default: fileOf('north_2018.dat'),
      },
    ],
    'The vanadium of this cycle, and the calibration after the collimators were moved',
  )
  configuration(30, { kind: 'start-run', startRun: 298_800 }, 900_000, [
    { group: 'standard', name: 'vanadium_run', value: whole('240017'), default: vanadium },
    { group: 'standard', name: 'unit', value: text('dSpacing') },
  ])
  configuration(32, { kind: 'experiment', rbNumber: 1_910_123 }, 3_900, [
    {
      group: 'standard',
      name: 'bins',
      value: { type: 'list', items: [decimal('1.1'), decimal('-0.0005'), decimal('2.4')] },
      default: { type: 'list', items: [decimal('0.9'), decimal('-0.001'), decimal('2.2')] },
      help: 'First edge, step (negative: logarithmic), last edge',
    },
    {
      group: 'standard',
      name: 'smoothing',
      value: text('spline'),
      problem: 'is not among the script’s variables any more',
    },
  ])
  return world
}
