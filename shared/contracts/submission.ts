import { z } from 'zod'
import { reproducesSchema } from './reproduces.ts'
import { variableValueSchema } from './variables.ts'

export const softwareSchema = z.object({ name: z.string().min(1).max(64), version: z.string().min(1).max(64) })
export type Software = z.infer<typeof softwareSchema>

/**
 * Which script a reduction runs: the instrument's current one (default), the one an earlier reduction ran, or a text given
 * here. A bare string is the text of reduce.py, as the predecessor's API took it.
 */
export const scriptChoiceSchema = z.union([
  z.string().min(1),
  z.object({ from: z.literal('current') }),
  z.object({ from: z.literal('reduction'), reductionId: z.number().int().positive() }),
  /** With the neighbours that the named reduction ran with; where none is named, with the current ones. */
  z.object({ from: z.literal('text'), text: z.string().min(1), reductionId: z.number().int().positive().optional() }),
])

const givenValue = z.union([z.object({ typed: variableValueSchema }), z.unknown()])

/**
 * Variables as `{name: value}` with plain JSON values (or `{"typed": …}` where JSON lacks the type), or grouped as
 * `{"standard_vars": {…}, "advanced_vars": {…}}`. Names that the script does not have are refused when it runs.
 */
export const givenVariablesSchema = z.record(z.string(), givenValue)

const runsSchema = z.union([
  z.array(z.number().int().min(1).max(999_999_999)).min(1),
  z.number().int().min(1).max(999_999_999),
  z.string().min(1).max(100_000),
])

/** Body of `POST /api/v1/submissions`. `runs` is a list of numbers, one number, or text such as `1-5, 7`. */
export const submissionSchema = z.object({
  instrument: z.string().min(1).max(64),
  runs: runsSchema,
  variables: givenVariablesSchema.optional(),
  script: scriptChoiceSchema.optional(),
  software: softwareSchema.optional(),
  description: z.string().max(2_000).optional(),
  /** Reduce all runs together, as one reduction: main gets the list of their files. They must be of one experiment. */
  batch: z.boolean().optional(),
})
export type Submission = z.infer<typeof submissionSchema>

/** Body of `POST …/configurations`: the values that the runs to come get. `variables` as in a submission. */
export const configurationRequestSchema = z.object({
  source: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('experiment'), rbNumber: z.number().int().min(1_000_000).max(9_999_999) }),
    z.object({ kind: z.literal('start-run'), startRun: z.number().int().min(1).max(999_999_999) }),
  ]),
  variables: givenVariablesSchema,
  description: z.string().max(2_000).optional(),
})
export type ConfigurationRequest = z.infer<typeof configurationRequestSchema>
/** Body of `PUT …/configurations/{id}`. `revision` is the one that was seen. */
export const configurationReplacementSchema = configurationRequestSchema.extend({ revision: z.number().int().min(1) })
export type ConfigurationReplacement = z.infer<typeof configurationReplacementSchema>

/** All runs of a batch, whose outcome is told once; `runNumber` is the first. */
const batch = z.array(z.number().int()).optional()

/** What became of one run of a submission, or of a batch. `reason` is a sentence for the person who asked. */
export const outcomeSchema = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('queued'),
    runNumber: z.number().int(),
    batch,
    reductionId: z.number().int(),
    version: z.number().int(),
  }),
  z.object({
    outcome: z.literal('skipped'),
    runNumber: z.number().int(),
    batch,
    reductionId: z.number().int(),
    version: z.number().int(),
    reason: z.string(),
  }),
  z.object({ outcome: z.literal('waiting'), runNumber: z.number().int(), reason: z.string() }),
  z.object({ outcome: z.literal('refused'), runNumber: z.number().int(), reason: z.string() }),
  z.object({
    outcome: z.literal('already-there'),
    runNumber: z.number().int(),
    reductionId: z.number().int(),
    version: z.number().int(),
    reason: z.string(),
  }),
])
export type Outcome = z.infer<typeof outcomeSchema>

export const submissionAnswerSchema = z.object({
  outcomes: z.array(outcomeSchema),
  /** Names what was queued together: `POST /api/v1/cancellations` takes it. */
  submission: z.string().optional(),
})

/**
 * What detection and the portal's API send to the function `submit` (`POST /function/submit`, internal key).
 * `origin` decides class and idempotence: a detected run is reduced once, a request always makes a new version.
 */
export const submitRequestSchema = z.discriminatedUnion('origin', [
  z.object({
    origin: z.literal('detection'),
    instrument: z.string(),
    runs: z.array(z.number().int().positive()).min(1).max(1_000),
  }),
  submissionSchema.extend({
    origin: z.literal('request'),
    requestedBy: z.string().min(1).max(128),
    /** The earlier reduction that this one repeats exactly. */
    reproduces: reproducesSchema.optional(),
  }),
])
export type SubmitRequest = z.infer<typeof submitRequestSchema>
