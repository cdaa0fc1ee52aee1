import { z } from 'zod'
import type { VariableValue } from '#domain/variables.ts'

/** JSON form of a typed variable; see {@link VariableValue} for why numbers are text. */
export const variableValueSchema: z.ZodType<VariableValue> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.object({ type: z.literal('string'), value: z.string() }),
    z.object({ type: z.literal('integer'), value: z.string().regex(/^-?[0-9]+$/) }),
    z.object({ type: z.literal('float'), value: z.string().regex(/^-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?$/) }),
    z.object({ type: z.literal('boolean'), value: z.boolean() }),
    z.object({ type: z.literal('none') }),
    z.object({ type: z.literal('list'), items: z.array(variableValueSchema) }),
    z.object({ type: z.literal('tuple'), items: z.array(variableValueSchema) }),
    z.object({
      type: z.literal('mapping'),
      ordered: z.boolean(),
      entries: z.array(z.tuple([variableValueSchema, variableValueSchema])),
    }),
  ]),
)

export const variableSchema = z.object({
  group: z.enum(['standard', 'advanced']),
  name: z.string().min(1).max(255),
  value: variableValueSchema,
  help: z.string().optional(),
})

export const variablesSchema = z.array(variableSchema)

/**
 * Variables as somebody gave them, before the script's own types are known: `typed` where the caller said the type, else `plain` JSON.
 * Without a group the name is looked for in both.
 */
export const givenArgumentsSchema = z.array(
  z.object({
    group: z.enum(['standard', 'advanced']).optional(),
    name: z.string().min(1).max(255),
    typed: variableValueSchema.optional(),
    plain: z.unknown().optional(),
  }),
)
export type GivenArguments = z.infer<typeof givenArgumentsSchema>
