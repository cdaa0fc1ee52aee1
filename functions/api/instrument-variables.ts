import { z } from 'zod'
import type { instrumentVariablesSchema } from '#contracts/api.ts'
import type { ScriptFiles } from '#contracts/script.ts'
import { variablesSchema } from '#contracts/variables.ts'
import type { Variable } from '#domain/variables.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { newestKnownVariables } from '#database/queries/instrument-script.ts'
import { findScriptVariables, storeScript, type ScriptVariables } from '#database/queries/scripts.ts'
import { FunctionUnreachable } from '#function-server/call-function.ts'
import { faultFields } from '#function-server/log.ts'
import type { ApiParts } from './api-parts.ts'

export type InstrumentVariables = z.infer<typeof instrumentVariablesSchema>
type Parts = Pick<ApiParts, 'database' | 'readers' | 'callFunction' | 'log'>

/** Importing Mantid takes ten seconds where nothing is prepared. */
const readVariablesMs = 40_000

type Current = { readonly sha256: string } | { readonly fault: string }

/** The script that lies in the archive now, kept under its hash; or why there is none, in words. */
const storeCurrentScript = async ({ database, readers }: Parts, instrument: string): Promise<Current> => {
  const reading = await readers.readScript(instrument)
  if (reading.kind !== 'read') return { fault: reading.reason }
  const files: ScriptFiles = reading.files.map(({ name, bytes }) => ({
    name,
    base64: Buffer.from(bytes).toString('base64'),
  }))
  return { sha256: await storeScript(database, files) }
}

const answerSchema = z.union([z.object({ variables: variablesSchema }), z.object({ fault: z.string() })])

const tryLater = 'No processor could read the variables of the current script just now. Try again in a minute.'

/** Has a processor execute the stored script's reduce_vars.py; it keeps what it finds. */
const askProcessor = async ({ callFunction, log }: Parts, scriptSha256: string): Promise<ScriptVariables> => {
  try {
    const answer = await callFunction('process/read-variables', { scriptSha256 }, { timeoutMs: readVariablesMs })
    if (answer.status !== 200) return { fault: tryLater }
    const parsed = answerSchema.safeParse(JSON.parse(answer.body))
    return parsed.success ? parsed.data : { fault: tryLater }
  } catch (fault) {
    if (!(fault instanceof FunctionUnreachable) && !(fault instanceof SyntaxError)) throw fault
    log.warn(faultFields(fault), 'no processor could read the variables of a script')
    return { fault: tryLater }
  }
}

/**
 * The variables of an instrument's current script: as once read, else read now by a processor. Where that cannot be, the newest known ones
 * with the reason in words.
 */
export const currentVariables = async (
  parts: Parts,
  viewer: Viewer,
  instrument: string,
): Promise<InstrumentVariables> => {
  const current = await storeCurrentScript(parts, instrument)
  const read: ScriptVariables =
    'fault' in current
      ? current
      : ((await findScriptVariables(parts.database, current.sha256)) ?? (await askProcessor(parts, current.sha256)))
  if ('variables' in read && 'sha256' in current) {
    return { scriptSha256: current.sha256, variables: [...read.variables], fault: null }
  }
  const fault = 'fault' in read ? read.fault : tryLater
  const known = await newestKnownVariables(parts.database, viewer, instrument)
  if (!known) return { scriptSha256: 'sha256' in current ? current.sha256 : null, variables: [], fault }
  return {
    scriptSha256: known.scriptSha256,
    variables: [...known.variables],
    fault: `${fault} What is shown are the variables of the newest script that could be read.`,
  }
}

/** What the script that lies in the archive now declares; a sentence where that cannot be read: older knowledge would not do. */
export const declaredByCurrentScript = async (
  parts: Parts,
  viewer: Viewer,
  instrument: string,
): Promise<{ readonly variables: readonly Variable[] } | { readonly fault: string }> => {
  const { variables, fault } = await currentVariables(parts, viewer, instrument)
  return fault === null
    ? { variables }
    : { fault: `Nothing can be configured while the variables of the script cannot be read. ${fault}` }
}
