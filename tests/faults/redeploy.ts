import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Stack } from '../a-stack/start-stack.ts'

const recordSchema = z.object({
  deployment: z.looseObject({ service: z.string(), envVars: z.record(z.string(), z.string()) }),
})

/** Deploys a function once more with other settings, as a new version of it would be. @returns what undoes that */
export const redeploy = async (
  stack: Stack,
  name: string,
  settings: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> => {
  const file = join(stack.stateDirectory, 'gateway', 'functions', `${name}.json`)
  const { deployment } = recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const put = async (body: unknown): Promise<void> => {
    const answer = await stack.operate('PUT', '/system/functions', body)
    if (!answer.ok) throw new Error(`${name} was not deployed: ${answer.status} ${await answer.text()}`)
  }
  await put({ ...deployment, envVars: { ...deployment.envVars, ...settings } })
  return () => put(deployment)
}
