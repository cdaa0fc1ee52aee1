import { z } from 'zod'
import type { VariableValue } from '#domain/variables.ts'

const isHashable = (value: VariableValue): boolean =>
  value.type === 'tuple' ? value.items.every(isHashable) : value.type !== 'list' && value.type !== 'mapping'

/** JSON form of a typed variable; see {@link VariableValue} for why numbers are text. */
export const variableValueSchema: z.ZodType<VariableValue> = z.lazy(() =>
  z.discriminatedUnion('type', [
    z.object({
      type: z.literal('string'),
      value: z.string().refine((text) => text.isWellFormed(), 'contains half of a character (a lone surrogate)'),
    }),
    z.object({ type: z.literal('integer'), value: z.string().regex(/^-?[0-9]+$/, 'is not a whole number') }),
    z.object({
      type: z.literal('float'),
      value: z
        .string()
        .regex(/^-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?$/, 'is not a finite decimal number such as 0.5 or 1e-05')
        .refine((text) => Number.isFinite(Number(text)), 'is larger than the largest number that Python can hold'),
    }),
    z.object({ type: z.literal('boolean'), value: z.boolean() }),
    z.object({ type: z.literal('none') }),
    z.object({ type: z.literal('list'), items: z.array(variableValueSchema) }),
    z.object({ type: z.literal('tuple'), items: z.array(variableValueSchema) }),
    z.object({
      type: z.literal('mapping'),
      ordered: z.boolean(),
      entries: z.array(
        z.tuple([
          variableValueSchema.refine(isHashable, 'is a list or a dictionary, which Python does not allow as a key'),
          variableValueSchema,
        ]),
      ),
    }),
  ]),
)

export const variableTypeSchema = z.enum(['string', 'integer', 'float', 'boolean', 'none', 'list', 'tuple', 'mapping'])

const groupSchema = z.enum(['standard', 'advanced'])
const nameSchema = z.string().min(1).max(255)

export const variableSchema = z.object({
  group: groupSchema,
  name: nameSchema,
  value: variableValueSchema,
  help: z.string().optional(),
})

export const variablesSchema = z.array(variableSchema)

/** Which configuration a value came from: the one for an experiment, or the one that holds from a run on. */
export const configurationSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('experiment'), rbNumber: z.number().int() }),
  z.object({ kind: z.literal('start-run'), startRun: z.number().int() }),
])
export type ConfigurationSource = z.infer<typeof configurationSourceSchema>

/** Where a chosen value came from; what came from the script itself says nothing. */
export const variableSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('submission') }),
  ...configurationSourceSchema.options,
])
export type VariableSource = z.infer<typeof variableSourceSchema>

/**
 * A value for the runs to come. `declaredType` is the type that the script's variable had when it was configured: what a script has changed
 * since is known by it.
 */
export const configuredVariablesSchema = z.array(
  z.object({ group: groupSchema, name: nameSchema, value: variableValueSchema, declaredType: variableTypeSchema }),
)
export type ConfiguredVariables = z.infer<typeof configuredVariablesSchema>

/**
 * Variables as somebody gave them, before the script's own types are known: `typed` where the caller said the type, else `plain` JSON.
 * Without a group the name is looked for in both. With `from` the value was configured earlier: one that does not fit any more
 * is told and left out, while one given with the submission stops the run.
 */
export const givenArgumentsSchema = z.array(
  z.object({
    group: groupSchema.optional(),
    name: nameSchema,
    typed: variableValueSchema.optional(),
    plain: z.unknown().optional(),
    from: configurationSourceSchema.optional(),
    declaredType: variableTypeSchema.optional(),
  }),
)
export type GivenArguments = z.infer<typeof givenArgumentsSchema>

/** A configured value that a script could not take, and why. */
export const leftOutVariablesSchema = z.array(
  z.object({ name: z.string(), from: configurationSourceSchema, reason: z.string() }),
)
export type LeftOutVariables = z.infer<typeof leftOutVariablesSchema>
