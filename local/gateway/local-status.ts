import { z } from 'zod'
import type { Companions } from './companions/companions.ts'
import type { FunctionRegistry } from './functions/function-registry.ts'

/** What `make up` and `make status` ask beyond OpenFaaS' own interface: every process by itself. */
export const localStatusSchema = z.object({
  functions: z.array(
    z.object({
      name: z.string(),
      replicas: z.number().int(),
      /** All replicas are ready and of the newest version. */
      isSettled: z.boolean(),
      instances: z.array(
        z.object({
          instance: z.string(),
          state: z.enum(['starting', 'ready', 'not ready', 'draining']),
          port: z.number().int(),
          pid: z.number().int().optional(),
          startedAt: z.string().optional(),
          restarts: z.number().int(),
        }),
      ),
    }),
  ),
  companions: z.array(
    z.object({
      name: z.string(),
      isReady: z.boolean(),
      port: z.number().int().optional(),
      pid: z.number().int().optional(),
      startedAt: z.string().optional(),
      restarts: z.number().int(),
    }),
  ),
})
export type LocalStatus = z.infer<typeof localStatusSchema>

export function localStatus(registry: FunctionRegistry, companions: Companions): LocalStatus {
  return {
    functions: registry.all().map((deployed) => ({
      name: deployed.deployment().service,
      replicas: deployed.desiredReplicas(),
      isSettled: deployed.isSettled(),
      instances: deployed.replicas().map((replica) => ({
        instance: replica.instance,
        state: replica.state(),
        port: replica.port(),
        pid: replica.process()?.pid,
        startedAt: replica.process()?.startedAt.toISOString(),
        restarts: replica.restarts(),
      })),
    })),
    companions: [...companions.status()],
  }
}
