import { z } from 'zod'
import { softwareSchema, type Software } from './submission.ts'

/**
 * A software environment that scripts can run in. `environment` is added to the few variables that scripts see.
 * Unknown fields are left alone: a newer file may say more than this version understands.
 */
const environmentSchema = softwareSchema.extend({
  interpreter: z.string().startsWith('/', 'must be an absolute path'),
  environment: z.record(z.string(), z.string()).default({}),
  /** Taken where a reduction asks for none. The only environment is the default by itself. */
  default: z.boolean().default(false),
})
export type Environment = z.infer<typeof environmentSchema>

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
