import { z } from '@hono/zod-openapi'
import {
  changeEventSchema,
  detectionSchema,
  instrumentSchema,
  instrumentVariablesSchema,
  latestSchema,
  noticeSchema,
  overviewSchema,
  problemSchema,
  reductionSchema,
  resultFileSchema,
  runConfigurationSchema,
  runSchema,
  scriptSchema,
} from '#contracts/api.ts'
import { outcomeSchema, softwareSchema } from '#contracts/submission.ts'
import { variableSchema, variableValueSchema } from '#contracts/variables.ts'

const named: Readonly<Record<string, z.ZodType>> = {
  ChangeEvent: changeEventSchema,
  Detection: detectionSchema,
  Instrument: instrumentSchema,
  InstrumentVariables: instrumentVariablesSchema,
  LatestReduction: latestSchema,
  Notice: noticeSchema,
  Outcome: outcomeSchema,
  Overview: overviewSchema,
  Problem: problemSchema,
  Reduction: reductionSchema,
  ResultFile: resultFileSchema,
  Run: runSchema,
  RunConfiguration: runConfigurationSchema,
  Script: scriptSchema,
  Software: softwareSchema,
  Variable: variableSchema,
}

/** Names under which the description shows the contracts. The contracts themselves know nothing of it. */
export const nameSchemas = (): void => {
  for (const [id, schema] of Object.entries(named))
    z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id })
  // A value may hold values: what refers to itself needs its name before it is walked through.
  variableValueSchema.openapi('VariableValue')
}
