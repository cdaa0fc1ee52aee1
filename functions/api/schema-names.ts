import { z } from '@hono/zod-openapi'
import {
  batchSchema,
  detectionSchema,
  instrumentSchema,
  instrumentVariablesSchema,
  latestSchema,
  listedRunSchema,
  overviewSchema,
  problemSchema,
  reductionSchema,
  resultFileSchema,
  runConfigurationSchema,
  runSchema,
  scriptSchema,
  softwareEnvironmentSchema,
} from '#contracts/api.ts'
import { changeEventSchema } from '#contracts/change-events.ts'
import { noticeSchema } from '#contracts/notices.ts'
import { comparisonSchema } from '#contracts/comparison.ts'
import { pauseSchema } from '#contracts/decisions.ts'
import { differenceSchema } from '#contracts/reproduces.ts'
import { reproductionSchema } from '#contracts/reproduction.ts'
import { outcomeSchema, softwareSchema } from '#contracts/submission.ts'
import { variableSchema, variableValueSchema } from '#contracts/variables.ts'
import { provenanceSchema } from '#results/provenance.ts'

const named: Readonly<Record<string, z.ZodType>> = {
  Batch: batchSchema,
  ChangeEvent: changeEventSchema,
  Comparison: comparisonSchema,
  Detection: detectionSchema,
  Difference: differenceSchema,
  Instrument: instrumentSchema,
  InstrumentVariables: instrumentVariablesSchema,
  LatestReduction: latestSchema,
  ListedRun: listedRunSchema,
  Notice: noticeSchema,
  Outcome: outcomeSchema,
  Overview: overviewSchema,
  Pause: pauseSchema,
  Problem: problemSchema,
  Provenance: provenanceSchema,
  Reduction: reductionSchema,
  Reproduction: reproductionSchema,
  ResultFile: resultFileSchema,
  Run: runSchema,
  RunConfiguration: runConfigurationSchema,
  Script: scriptSchema,
  Software: softwareSchema,
  SoftwareEnvironment: softwareEnvironmentSchema,
  Variable: variableSchema,
}

/** Names under which the description shows the contracts. The contracts themselves know nothing of it. */
export const nameSchemas = (): void => {
  for (const [id, schema] of Object.entries(named))
    z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id })
  // A value may hold values: what refers to itself needs its name before it is walked through.
  variableValueSchema.openapi('VariableValue')
}
