import { z } from 'zod'
import { reductionStates } from '#domain/reduction-states.ts'
import { variableSchema, variableValueSchema } from './variables.ts'

/** The answer of `GET /api/v1/comparisons`: what differs between two reductions, and what is the same. */
const time = z.string()

/** The same of both; null where one has none, or nothing is known of it. */
const ofBoth = <Schema extends z.ZodType>(schema: Schema) =>
  z.object({ left: schema.nullable(), right: schema.nullable() })

/** `added`: only on the right; `removed`: only on the left. */
const change = z.enum(['same', 'changed', 'added', 'removed'])
export type Change = z.infer<typeof change>

export const comparedReductionSchema = z.object({
  id: z.number().int(),
  instrument: z.string(),
  runNumbers: z.array(z.number().int()),
  title: z.string().nullable(),
  rbNumber: z.number().int().nullable(),
  version: z.number().int(),
  state: z.enum(reductionStates),
  reason: z.string().nullable(),
  startedBy: z.string(),
  submittedAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
})

export const comparedVariableSchema = z.object({
  group: variableSchema.shape.group,
  name: z.string(),
  change,
  /** Absent where that side has no such variable. */
  left: variableValueSchema.optional(),
  right: variableValueSchema.optional(),
})
export type ComparedVariable = z.infer<typeof comparedVariableSchema>

/** Lines around a difference. A line has a number on each side that has it. */
export const hunkSchema = z.object({
  lines: z.array(z.object({ left: z.number().int().nullable(), right: z.number().int().nullable(), text: z.string() })),
})
export type Hunk = z.infer<typeof hunkSchema>

export const comparedFileSchema = z.object({
  name: z.string(),
  change,
  /** Why there are no lines, or not all, in words. */
  note: z.string().nullable(),
  hunks: z.array(hunkSchema),
})
export type ComparedFile = z.infer<typeof comparedFileSchema>

const inputSchema = z.object({ path: z.string(), sizeBytes: z.number().nullable(), modifiedAt: time.nullable() })
export const comparedInputSchema = z.object({
  /** `unknown`: the same path, and of one side nobody knows size or time. */
  change: z.enum(['same', 'changed', 'added', 'removed', 'unknown']),
  ...ofBoth(inputSchema).shape,
})
export type ComparedInput = z.infer<typeof comparedInputSchema>

const outputSchema = z.object({
  path: z.string(),
  sizeBytes: z.number().int(),
  mediaType: z.string(),
  plot: z.enum(['image', 'plotly']).nullable(),
})
export const comparedOutputSchema = z.object({
  /** The path, with `{run}` for each side's own run. */
  name: z.string(),
  /** `same-size` says nothing of what is in the files. */
  change: z.enum(['same-size', 'changed', 'added', 'removed']),
  ...ofBoth(outputSchema).shape,
})
export type ComparedOutput = z.infer<typeof comparedOutputSchema>

export const comparisonSchema = z.object({
  left: comparedReductionSchema,
  right: comparedReductionSchema,
  /** What could not be compared and why, in words. */
  notes: z.array(z.string()),
  variables: z.array(comparedVariableSchema),
  script: z.object({
    ...ofBoth(z.string()).shape,
    /** Null where one of them has no script. */
    isSame: z.boolean().nullable(),
    files: z.array(comparedFileSchema),
  }),
  software: ofBoth(z.object({ name: z.string(), version: z.string(), interpreter: z.string().nullable() })),
  /** Versions of the modules that the scripts had imported at their end. */
  modules: z.array(z.object({ name: z.string(), change, ...ofBoth(z.string()).shape })),
  inputs: z.array(comparedInputSchema),
  host: ofBoth(z.object({ name: z.string(), system: z.string(), isolation: z.string() })),
  limits: ofBoth(z.record(z.string(), z.number().nullable())),
  timings: ofBoth(
    z.object({
      waitedSeconds: z.number().nullable(),
      scriptSeconds: z.number().nullable(),
      cpuSeconds: z.number().nullable(),
      peakMemoryBytes: z.number().nullable(),
    }),
  ),
  outputs: z.array(comparedOutputSchema),
})
export type Comparison = z.infer<typeof comparisonSchema>
