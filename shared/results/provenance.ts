import { z } from 'zod'
import { differenceSchema } from '#contracts/reproduces.ts'
import { softwareSchema } from '#contracts/submission.ts'
import { leftOutVariablesSchema, variablesSchema, variableSourceSchema } from '#contracts/variables.ts'

const time = z.iso.datetime()

/** The file `provenance.json` in every results directory: what ran, so that it can be run again, and whose results these are. */
export const provenanceSchema = z.object({
  reduction: z.object({
    id: z.number().int(),
    fence: z.number().int(),
    instrument: z.string(),
    target: z.string(),
    version: z.number().int(),
    rbNumber: z.number().int(),
    runNumbers: z.array(z.number().int()),
    startedBy: z.string(),
    description: z.string().nullable(),
  }),
  outcome: z.object({ state: z.string(), reason: z.string().nullable() }),
  script: z.object({
    /** The hash under which the database keeps all its files. */
    sha256: z.string(),
    files: z.array(z.object({ name: z.string(), sha256: z.string(), sizeBytes: z.number().int() })),
  }),
  /** As the script got them: its defaults with the given values over them. Null where it did not come so far. */
  variables: variablesSchema.nullable(),
  /** Variables of a type that cannot be recorded: name and why. */
  unrecordedVariables: z.array(z.object({ variable: z.string(), fault: z.string() })),
  /** Who chose a value that is not the script's own. */
  chosenVariables: z
    .array(
      z.object({ group: z.enum(['standard', 'advanced']).optional(), name: z.string(), from: variableSourceSchema }),
    )
    .default([]),
  /** What was configured, and why the script could not take it. */
  configuredButLeftOut: leftOutVariablesSchema.default([]),
  /** The files that `{"url", "default"}` variables meant, as they were fetched for this run. */
  variableFiles: z
    .array(
      z.object({
        variable: z.string(),
        address: z.string(),
        fetchedAt: time,
        sha256: z.string(),
        sizeBytes: z.number().int(),
        text: z.string(),
      }),
    )
    .default([]),
  software: softwareSchema.extend({ interpreter: z.string(), modules: z.record(z.string(), z.string()) }),
  inputs: z.array(
    z.object({
      path: z.string(),
      sizeBytes: z.number().nullable(),
      /** Null where the archive did not say in time. */
      modifiedAt: time.nullable(),
    }),
  ),
  host: z.object({ name: z.string(), system: z.string(), processor: z.string() }),
  limits: z.object({
    wallSeconds: z.number(),
    outputBytes: z.number(),
    logBytes: z.number(),
    /** Absent in records made before these were limited. */
    outputFiles: z.number().optional(),
    memoryBytes: z.number().optional(),
    processes: z.number().optional(),
    openFiles: z.number().optional(),
    fileBytes: z.number().optional(),
    temporaryBytes: z.number().optional(),
  }),
  /** What the script printed, and what of its middle is missing in the log; absent in what older versions wrote. */
  log: z
    .object({
      printedBytes: z.number().int(),
      cut: z.object({ atByte: z.number().int(), cutBytes: z.number().int(), markBytes: z.number().int() }).nullable(),
    })
    .optional(),
  isolation: z.string(),
  timings: z.object({
    submittedAt: time,
    claimedAt: time,
    scriptStartedAt: time,
    scriptEndedAt: time,
    scriptSeconds: z.number(),
    cpuSeconds: z.number().nullable(),
  }),
  peakMemoryBytes: z.number().nullable(),
  /** The part of the service that surrounds scripts, by a hash of its sources; absent in older records. */
  service: z.object({ runner: z.string() }).optional(),
  /** The earlier reduction that this one repeats, what could not be held fixed, and how the two records compare (null: there is no earlier one). */
  reproduces: z
    .object({
      reductionId: z.number().int(),
      version: z.number().int(),
      notHeld: z.array(differenceSchema),
      differences: z.array(differenceSchema).nullable(),
    })
    .optional(),
})
export type Provenance = z.infer<typeof provenanceSchema>
