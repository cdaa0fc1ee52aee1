import { join } from 'node:path'
import { z } from 'zod'
import { softwareSchema } from '#contracts/submission.ts'
import { variablesSchema } from '#contracts/variables.ts'
import { readRegular } from './regular-file.ts'
import { provenanceName } from './result-paths.ts'

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
  limits: z.object({ wallSeconds: z.number(), outputBytes: z.number(), logBytes: z.number() }),
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
})
export type Provenance = z.infer<typeof provenanceSchema>

const identitySchema = z.object({ reduction: z.object({ id: z.number(), fence: z.number() }) })

/** Variables of megabytes are recorded; more was not written by this service. */
const largestRecordBytes = 256 * 1024 * 1024

/**
 * Whose results lie in a directory; undefined where they say nothing of it, as the predecessor's. Throws where the disk does not say:
 * that must not look like somebody else's results.
 */
export const readIdentity = async (
  directory: string,
): Promise<{ readonly id: number; readonly fence: number } | undefined> => {
  const record = await readRegular(join(directory, provenanceName), largestRecordBytes)
  return record && identityIn(record.toString('utf8'))
}

const identityIn = (record: string): { readonly id: number; readonly fence: number } | undefined => {
  try {
    return identitySchema.parse(JSON.parse(record)).reduction
  } catch {
    return undefined
  }
}
