import { z } from 'zod'
import { detectionStates } from '#domain/detection-states.ts'
import { reductionClasses } from '#domain/reduction-classes.ts'
import { reductionStates } from '#domain/reduction-states.ts'
import { pauseSchema } from './decisions.ts'
import { softwareSchema } from './submission.ts'
import { time } from './time.ts'
import { configurationSourceSchema, leftOutVariablesSchema, variableSchema, variableSourceSchema } from './variables.ts'

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

/** A run as lists show it. */
export const listedRunSchema = runSchema.extend({
  /** The batches that it was reduced in too; null where there are none. */
  batches: z.object({ count: z.number().int(), newestId: z.number().int() }).nullable(),
})
export type ListedRun = z.infer<typeof listedRunSchema>

export const runsSchema = z.object({ items: z.array(listedRunSchema), next: z.string().nullable() })

export const instrumentSchema = z.object({
  name: z.string(),
  isActive: z.boolean(),
  /** Its reductions are held, by its own pause or by that of everything; new data is detected all the same and stands in line. */
  isPaused: z.boolean(),
  pausedReason: z.string().nullable(),
  pause: pauseSchema.nullable(),
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

/** A software environment that scripts can run in, and the processors that have it now. */
export const softwareEnvironmentSchema = softwareSchema.extend({
  isDefault: z.boolean(),
  /** Modules that are loaded before a script starts. */
  imports: z.array(z.string()),
  /** May its scripts reach the network? */
  network: z.boolean(),
  processors: z.array(
    z.object({
      id: z.string().optional(),
      host: z.string().optional(),
      /** What holds scripts back there; null where an older processor does not say. */
      isolation: z.string().nullable(),
    }),
  ),
})
export type SoftwareEnvironment = z.infer<typeof softwareEnvironmentSchema>
export const softwareEnvironmentsSchema = z.object({ items: z.array(softwareEnvironmentSchema) })

/** Counts for the overview page. */
export const overviewSchema = z.object({
  /** Why everything is paused; null where it is not. */
  pause: pauseSchema.nullable(),
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

export const versionSchema = z.object({
  id: z.number().int(),
  version: z.number().int(),
  state,
  submittedAt: time,
  /** Of a batch: which runs; batches with the same first and last run share their versions. Null for a single run. */
  runs: z.string().nullable(),
})

/** Several runs reduced together. */
export const batchSchema = z.object({
  id: z.number().int(),
  instrument: z.string(),
  /** Its runs in words, such as `1-3, 5`. */
  runs: z.string(),
  rbNumber: z.number().int().nullable(),
  version: z.number().int(),
  state,
  reason: z.string().nullable(),
  startedBy: z.string(),
  description: z.string().nullable(),
  submittedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  durationSeconds: z.number().nullable(),
})
export type Batch = z.infer<typeof batchSchema>
export const batchesSchema = z.object({ items: z.array(batchSchema), next: z.string().nullable() })

export const reductionSchema = z.object({
  id: z.number().int(),
  instrument: z.string(),
  version: z.number().int(),
  state,
  /** Why it is in this state, in words: the error, the reason of a skip. */
  reason: z.string().nullable(),
  class: z.enum(reductionClasses),
  /** What holds it while it is Queued; null where it may move. */
  held: pauseSchema.nullable(),
  /** Who asked to cancel it, and when; it may have ended by itself before that was heard. */
  cancelRequestedBy: z.string().nullable(),
  cancelRequestedAt: time.nullable(),
  /** Names all reductions of one request. */
  submission: z.string().nullable(),
  /** Several runs reduced together. */
  isBatch: z.boolean(),
  /** Batches that its run was reduced in too, newest first; empty for a batch itself. */
  inBatches: z.array(batchSchema.pick({ id: true, version: true, state: true, runs: true })),
  /** The earlier reduction that this one repeats exactly. */
  reproduces: z.object({ reductionId: z.number().int(), version: z.number().int() }).nullable(),
  /** Place in the line, 1 is next; an estimate. Null unless Queued, and while the instrument is paused. */
  place: z.number().int().nullable(),
  runs: z.array(runSchema),
  rbNumber: z.number().int().nullable(),
  startedBy: z.string(),
  description: z.string().nullable(),
  software: softwareSchema.nullable(),
  scriptSha256: z.string().nullable(),
  /** The chosen variables; `default` is what the script itself says, where it differs; `from` who chose another. */
  variables: z.array(
    variableSchema.extend({ default: variableSchema.shape.value.optional(), from: variableSourceSchema.optional() }),
  ),
  /** Configured values that the script could not take; known once it has started. */
  variablesLeftOut: leftOutVariablesSchema.default([]),
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

/** Variables chosen for the runs to come, as the page of an instrument shows them. */
export const runConfigurationSchema = z.object({
  id: z.number().int(),
  /** For an experiment, or from a run on until the next start run. */
  source: configurationSourceSchema,
  /** Only what was chosen; `default` is what the script says now, `problem` why the value does not fit the script any more. */
  variables: z.array(
    variableSchema.extend({ default: variableSchema.shape.value.optional(), problem: z.string().optional() }),
  ),
  description: z.string().nullable(),
  /** Name it when you replace the configuration: whoever was slower is told. */
  revision: z.number().int(),
  changedBy: z.string(),
  changedAt: time,
})
export type RunConfiguration = z.infer<typeof runConfigurationSchema>
export const runConfigurationsSchema = z.object({
  items: z.array(runConfigurationSchema),
  /** Why the script's own variables are not known now, in words; what fits and what does not is not known then. */
  fault: z.string().nullable(),
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

export const cursorSchema = z.object({ lastRun: z.number().int().min(0).max(999_999_999) })
