import { z } from 'zod'
import { softwareSchema, type Software } from './submission.ts'

const absolutePath = z.string().startsWith('/', 'must be an absolute path')
const moduleName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/, 'must be the name of a module')

/** Where they are left out, the processor's own settings hold. */
const environmentLimitsSchema = z.object({
  memoryMegabytes: z.number().positive().optional(),
  processes: z.number().int().positive().optional(),
  openFiles: z.number().int().min(64).optional(),
  temporaryMegabytes: z.number().positive().optional(),
})

/**
 * A software environment that scripts can run in. `environment` is added to the few variables that scripts see.
 * Unknown fields are left alone: a newer file may say more than this version understands.
 */
const environmentSchema = softwareSchema
  .extend({
    interpreter: absolutePath,
    environment: z.record(z.string(), z.string()).default({}),
    /** Modules that are imported once, before there is a script; each reduction finds them loaded. */
    imports: z.array(moduleName).default([]),
    /** May scripts reach the network? Then they also reach whatever listens on the processor's own machine. */
    network: z.boolean().default(false),
    /**
     * `fork`: each script is a fork of one interpreter. Where a library does not survive that: `spawn`, an interpreter of its own that has imported
     * before; `none`, one that starts when the script comes.
     */
    prepare: z.enum(['fork', 'spawn', 'none']).optional(),
    /** Files and folders that scripts of this environment may read, beside its packages and the archive. */
    visible: z.array(absolutePath).default([]),
    limits: environmentLimitsSchema.default({}),
    /** Taken where a reduction asks for none. The only environment is the default by itself. */
    default: z.boolean().default(false),
  })
  .transform((environment) => ({
    ...environment,
    prepare: environment.prepare ?? (environment.imports.length > 0 ? ('fork' as const) : ('none' as const)),
  }))
export type Environment = z.infer<typeof environmentSchema>

/** What a processor tells the database of an environment it has: nothing of its paths and variables. */
export const offeredEnvironmentSchema = softwareSchema.extend({
  isDefault: z.boolean().default(false),
  imports: z.array(z.string()).default([]),
  network: z.boolean().default(false),
  /** What holds its scripts back there; null where an older processor does not say. */
  isolation: z.string().nullable().default(null),
})
export type OfferedEnvironment = z.infer<typeof offeredEnvironmentSchema>

export const softwareLabel = (software: Software): string => `${software.name} ${software.version}`

/** Content of the file that `ENVIRONMENTS_FILE` names. */
export const environmentsSchema = z
  .array(environmentSchema)
  .min(1, 'must name at least one environment')
  .refine((all) => new Set(all.map(softwareLabel)).size === all.length, 'names an environment twice')
  .refine((all) => all.filter((one) => one.default).length <= 1, 'has more than one default')

export const defaultEnvironment = (environments: readonly Environment[]): Environment | undefined =>
  environments.find((one) => one.default) ?? (environments.length === 1 ? environments[0] : undefined)

export const chooseEnvironment = (
  environments: readonly Environment[],
  software: Software | null,
): Environment | undefined =>
  software === null
    ? defaultEnvironment(environments)
    : environments.find((one) => one.name === software.name && one.version === software.version)
