import { z } from 'zod'

const texts = z
  .record(z.string(), z.string())
  .nullish()
  .transform((given) => given ?? {})

/** As much of the gateway's `FunctionStatus` as matters here; `envVars` and `labels` are left out by the gateway when unset. */
export const functionStatusSchema = z.object({
  name: z.string().min(1),
  namespace: z
    .string()
    .nullish()
    .transform((given) => given ?? ''),
  availableReplicas: z
    .number()
    .nullish()
    .transform((given) => given ?? 0),
  annotations: texts,
  labels: texts,
  envVars: texts,
})
export type FunctionStatus = z.infer<typeof functionStatusSchema>

/** `NAME.NAMESPACE` as the gateway's invocation route wants it. */
export const fullName = (status: Pick<FunctionStatus, 'name' | 'namespace'>): string =>
  status.namespace === '' ? status.name : `${status.name}.${status.namespace}`
