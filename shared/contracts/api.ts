import { z } from 'zod'
import { noticeChoices } from '#domain/counter-notices.ts'
import { detectionStates } from '#domain/detection-states.ts'
import { reductionClasses } from '#domain/reduction-classes.ts'
import { reductionStates } from '#domain/reduction-states.ts'
import { softwareSchema } from './submission.ts'
import { variableSchema } from './variables.ts'

/** RFC 3339, UTC, e.g. `2026-11-22T21:56:06.123Z`. */
const time = z.string().meta({ format: 'date-time' })
const state = z.enum(reductionStates)

/** An error as `application/problem+json` (RFC 9457); `detail` is a sentence a scientist can act on. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  instance: z.string().optional(),
})

export const latestSchema = z.object({
  id: z.number().int(),
  version: z.number().int(),
  state,
  reason: z.string().nullable(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
})

export const runSchema = z.object({
  instrument: z.string(),
  runNumber: z.number().int(),
  title: z.string().nullable(),
  /** Seven digits, or null where the file names no experiment; `rbText` is what the file says. */
  rbNumber: z.number().int().nullable(),
  rbText: z.string().nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  goodFrames: z.number().int().nullable(),
  rawFrames: z.number().int().nullable(),
  /** µA·h, as the file's `proton_charge`. */
  protonCharge: z.number().nullable(),
  latest: latestSchema.nullable(),
})
export type Run = z.infer<typeof runSchema>

export const runsSchema = z.object({ items: z.array(runSchema), next: z.string().nullable() })

export const instrumentSchema = z.object({
  name: z.string(),
  isActive: z.boolean(),
  isPaused: z.boolean(),
  pausedReason: z.string().nullable(),
  /** The run the archive's counter showed last; null before the first sight. */
  lastRun: z.number().int().nullable(),
  /** When the counter last moved. */
  lastRunAt: time.nullable(),
  /** When the counter was last read without trouble. */
  lastLookAt: time.nullable(),
  /** Why the counter cannot be read now; null when all is well. */
  problem: z.string().nullable(),
  /** The newest run with its newest reduction. */
  latestRun: runSchema.nullable(),
  queued: z.number().int(),
  processing: z.number().int(),
  waiting: z.number().int(),
  /** Median seconds of the last completed reductions; null where there are none. */
  typicalSeconds: z.number().nullable(),
})
export type Instrument = z.infer<typeof instrumentSchema>
export const instrumentsSchema = z.object({ items: z.array(instrumentSchema) })

/** Counts for the overview page. */
export const overviewSchema = z.object({
  line: z.object({ fresh: z.number().int(), rerun: z.number().int(), bulk: z.number().int() }),
  processing: z.number().int(),
  slots: z.number().int(),
  /** Runs whose newest version ended in Error within the last day: what somebody should look at. */
  failures: z.number().int(),
  lastDay: z.object({
    completed: z.number().int(),
    error: z.number().int(),
    skipped: z.number().int(),
    cancelled: z.number().int(),
    medianSeconds: z.number().nullable(),
  }),
})

export type Overview = z.infer<typeof overviewSchema>

export const versionSchema = z.object({ id: z.number().int(), version: z.number().int(), state, submittedAt: time })

export const reductionSchema = z.object({
  id: z.number().int(),
  instrument: z.string(),
  version: z.number().int(),
  state,
  /** Why it is in this state, in words: the error, the reason of a skip. */
  reason: z.string().nullable(),
  class: z.enum(reductionClasses),
  /** Place in the line, 1 is next; an estimate. Null unless Queued, and while the instrument is paused. */
  place: z.number().int().nullable(),
  runs: z.array(runSchema),
  rbNumber: z.number().int().nullable(),
  startedBy: z.string(),
  description: z.string().nullable(),
  software: softwareSchema.nullable(),
  scriptSha256: z.string().nullable(),
  /** The chosen variables; `default` is what the script itself says, where it differs. */
  variables: z.array(variableSchema.extend({ default: variableSchema.shape.value.optional() })),
  submittedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  /** Seconds from start to end of the script. */
  durationSeconds: z.number().nullable(),
  typicalSeconds: z.number().nullable(),
  /** Where the results lie, as a Linux path and as the facility's Windows form. */
  resultsPath: z.string().nullable(),
  resultsPathWindows: z.string().nullable(),
  dataPaths: z.array(z.object({ linux: z.string(), windows: z.string().nullable() })),
  /** All versions for this run, newest first. */
  versions: z.array(versionSchema),
  previousRun: z.object({ runNumber: z.number().int(), reductionId: z.number().int() }).nullable(),
  nextRun: z.object({ runNumber: z.number().int(), reductionId: z.number().int() }).nullable(),
})
export type Reduction = z.infer<typeof reductionSchema>

/** `plot` names how the portal shows it: an image, or a Plotly figure (JSON with `data` and `layout`). */
export const resultFileSchema = z.object({
  path: z.string(),
  sizeBytes: z.number().int(),
  mediaType: z.string(),
  plot: z.enum(['image', 'plotly']).nullable(),
})
export type ResultFile = z.infer<typeof resultFileSchema>
export const filesSchema = z.object({ items: z.array(resultFileSchema) })

export const scriptSchema = z.object({
  sha256: z.string(),
  /** The script first, then reduce_vars.py, then the neighbours it imports; null text where it is not UTF-8. */
  files: z.array(z.object({ name: z.string(), text: z.string().nullable() })),
})

/** What the re-run form starts from. */
export const instrumentVariablesSchema = z.object({
  scriptSha256: z.string().nullable(),
  /** Where they start from an earlier reduction's values, `default` is what the script says, where it differs. */
  variables: z.array(variableSchema.extend({ default: variableSchema.shape.value.optional() })),
  /** Why the current file gives none, in words; what is shown then is the newest that is known. */
  fault: z.string().nullable(),
  /** Variables of the earlier reduction that the current script has no longer. */
  leftOut: z.array(z.string()).optional(),
})

export const detectionSchema = z.object({
  id: z.number().int(),
  instrument: z.string(),
  runNumber: z.number().int(),
  state: z.enum(detectionStates),
  reason: z.string().nullable(),
  detectedAt: time,
  nextTryAt: time.nullable(),
  deadlineAt: time,
  tries: z.number().int(),
})
export type Detection = z.infer<typeof detectionSchema>
export const detectionsSchema = z.object({ items: z.array(detectionSchema), next: z.string().nullable() })

export const noticeKinds = [
  'lastrun-problem',
  'results-problem',
  'counter-stepped-back',
  'gap-too-large',
  'script-problem',
  'service',
] as const

/** The `detail` of a notice about a counter: where the cursor stood and what lastrun.txt said. */
export const counterDetailSchema = z.object({ cursor: z.number().int(), lastRun: z.number().int() })

/** Kinds that need a person's decision carry `choices`; the others end by themselves when their cause does. */
export const noticeSchema = z.object({
  id: z.number().int(),
  instrument: z.string().nullable(),
  kind: z.enum(noticeKinds),
  message: z.string(),
  /** For a counter that stepped back or jumped: {@link counterDetailSchema}. */
  detail: z.record(z.string(), z.unknown()),
  choices: z.array(z.enum(noticeChoices)),
  raisedAt: time,
  lastSeenAt: time,
  resolvedAt: time.nullable(),
  resolution: z.string().nullable(),
})
export type Notice = z.infer<typeof noticeSchema>
export const noticesSchema = z.object({ items: z.array(noticeSchema) })
export const noticeResolutionSchema = z.object({ choice: z.enum(noticeChoices) })

export const cursorSchema = z.object({ lastRun: z.number().int().min(0).max(999_999_999) })

/** One change, as `GET /api/v1/events` sends it (server-sent event named by `kind`, its id the row's id). */
export const changeEventSchema = z.object({
  id: z.number().int(),
  kind: z.enum(['reduction', 'detection', 'notice', 'instrument']),
  at: time,
  instrument: z.string().nullable(),
  runNumber: z.number().int().nullable(),
  reductionId: z.number().int().nullable(),
  /** The new state, in the kind's own words. */
  state: z.string(),
  reason: z.string().nullable(),
})
export type ChangeEvent = z.infer<typeof changeEventSchema>

/** The first event of a stream, named `hello`: where it goes on from. `missed`: changes lie between that cannot be sent any more; load anew. */
export const helloEventSchema = z.object({ newest: z.number().int(), missed: z.boolean() })
