import { z } from 'zod'

/** Go clients send `null` for an empty list or map. */
const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((value) => value ?? undefined)
const names = z
  .array(z.string())
  .nullish()
  .transform((value) => value ?? undefined)
const resources = z
  .object({ memory: z.string().optional(), cpu: z.string().optional() })
  .nullish()
  .transform((value) => value ?? undefined)

export const defaultNamespace = 'openfaas-fn'

/** A function as `faas-cli deploy` describes it. It carries no code: that is found by the name (see `function-command.ts`). */
export const deploymentSchema = z.object({
  service: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'a name of lower-case letters, digits and dashes'),
  image: z.string().default(''),
  namespace: z
    .enum(['', defaultNamespace], { error: `there is one namespace here, ${defaultNamespace}` })
    .nullish()
    .transform(() => defaultNamespace),
  envProcess: z.string().optional(),
  envVars: texts,
  constraints: names,
  secrets: names,
  labels: texts,
  annotations: texts,
  limits: resources,
  requests: resources,
  readOnlyRootFilesystem: z.boolean().optional(),
})
export type Deployment = z.infer<typeof deploymentSchema>

/** What `GET /system/functions` says of a function. */
export type FunctionStatus = Omit<Deployment, 'service'> & {
  readonly name: string
  readonly invocationCount: number
  readonly replicas: number
  readonly availableReplicas: number
  readonly createdAt: string
}

export function functionStatus(
  deployment: Deployment,
  counts: Pick<FunctionStatus, 'invocationCount' | 'replicas' | 'availableReplicas' | 'createdAt'>,
): FunctionStatus {
  const { service, labels, annotations, ...rest } = deployment
  return {
    name: service,
    ...rest,
    labels: { ...labels, faas_function: service },
    annotations: annotations ?? {},
    ...counts,
  }
}
