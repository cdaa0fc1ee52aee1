import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import type { Deployment } from '../gateway/functions/deployment.ts'
import { StackFileFault, substituteVariables } from './substitute.ts'

/** OpenFaaS takes texts only; a bare `true` or `10` would reach it as something else. */
const texts = z.record(z.string(), z.string({ error: 'must be in quotes' })).optional()
const resources = z.object({ memory: z.string().optional(), cpu: z.string().optional() }).optional()

/** Every key that `faas-cli` knows; another is a slip of the pen. */
const functionSchema = z.strictObject({
  lang: z.string().optional(),
  handler: z.string().optional(),
  image: z.string(),
  fprocess: z.string().optional(),
  environment: texts,
  environment_file: z.array(z.string()).optional(),
  secrets: z.array(z.string()).optional(),
  skip_build: z.boolean().optional(),
  constraints: z.array(z.string()).optional(),
  labels: texts,
  annotations: texts,
  limits: resources,
  requests: resources,
  readonly_root_filesystem: z.boolean().optional(),
  build_options: z.array(z.string()).optional(),
  build_args: z.record(z.string(), z.string()).optional(),
  platforms: z.string().optional(),
  namespace: z.string().optional(),
})

const stackSchema = z.object({
  version: z.union([z.string(), z.number()]).optional(),
  provider: z.object({ name: z.literal('openfaas'), gateway: z.string().optional() }),
  functions: z.record(z.string(), functionSchema),
})

/**
 * What stack.yml deploys, as `faas-cli deploy` would send it.
 * @throws {StackFileFault}
 */
export function readStackFile(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): readonly Partial<Deployment>[] {
  const stack = parsed(stackSchema, loaded(file, environment), file)
  return Object.entries(stack.functions).map(([service, described]) => ({
    service,
    image: described.image,
    ...(described.namespace ? { namespace: 'openfaas-fn' as const } : {}),
    envProcess: described.fprocess,
    envVars: { ...filesOf(described.environment_file ?? [], file), ...described.environment },
    constraints: described.constraints,
    secrets: described.secrets,
    labels: described.labels,
    annotations: described.annotations,
    limits: described.limits,
    requests: described.requests,
    readOnlyRootFilesystem: described.readonly_root_filesystem,
  }))
}

/** Files of variables: the function's own `environment` wins over them, a later one over an earlier. */
function filesOf(names: readonly string[], stackFile: string): Record<string, string> {
  const fileSchema = z.object({ environment: z.record(z.string(), z.string()) })
  const all = names.map((name) => {
    const path = join(dirname(stackFile), name)
    if (!existsSync(path)) throw new StackFileFault(`${stackFile}: the environment_file ${name} does not exist`)
    return parsed(fileSchema, parse(readFileSync(path, 'utf8')), path).environment
  })
  return Object.assign({}, ...all) as Record<string, string>
}

function loaded(file: string, environment: Readonly<Record<string, string | undefined>>): unknown {
  try {
    return parse(substituteVariables(readFileSync(file, 'utf8'), environment))
  } catch (error) {
    throw new StackFileFault(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, file: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const what = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  throw new StackFileFault(`${file}: ${what.join('; ')}`)
}
