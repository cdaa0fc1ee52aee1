import { z } from 'zod'
import { chooseEnvironment, softwareLabel } from '#contracts/environments.ts'
import type { ScriptFiles } from '#contracts/script.ts'
import { softwareSchema, type Software } from '#contracts/submission.ts'
import type { Claim } from '#database/queries/claim-next.ts'
import {
  findScript,
  findScriptVariables,
  storeScriptVariables,
  type ScriptVariables,
} from '#database/queries/scripts.ts'
import type { Variable } from '#domain/variables.ts'
import { decideOutcome, type Ending } from './outcome.ts'
import { limitsFor } from './prepare-run.ts'
import type { Processor } from './processor.ts'
import type { RunnerReport } from './runner-events.ts'

export const readVariablesRequestSchema = z.object({
  scriptSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The environment to read it in; the default one where it is left out. */
  software: softwareSchema.optional(),
})
export type ReadVariablesRequest = z.infer<typeof readVariablesRequestSchema>

export type ReadVariables =
  | { readonly kind: 'read'; readonly read: ScriptVariables }
  | { readonly kind: 'unknown-script' }
  /** Nothing can be said of the file: the machine lacks what is needed. */
  | { readonly kind: 'impossible'; readonly reason: string }

let readings = 0

/** Executes the script's reduce_vars.py in a process of its own and keeps what it declares, or why it cannot be read. */
export const readVariables = async (processor: Processor, request: ReadVariablesRequest): Promise<ReadVariables> => {
  const files = await findScript(processor.database, request.scriptSha256)
  if (!files) return { kind: 'unknown-script' }
  const answer = await executeForVariables(processor, files, request.software ?? null, { tellEach: false })
  if (answer.kind === 'read') await storeScriptVariables(processor.database, request.scriptSha256, answer.read)
  return answer
}

/** What a script about to run declares, as once read or as read now; nothing where it cannot be read: the run itself tells why. */
export const declaredVariables = async (
  processor: Processor,
  claim: Pick<Claim, 'scriptSha256' | 'scriptFiles' | 'software'>,
): Promise<readonly Variable[]> => {
  const known = await findScriptVariables(processor.database, claim.scriptSha256)
  if (known && 'variables' in known) return known.variables
  const answer = await executeForVariables(processor, claim.scriptFiles, claim.software, { tellEach: true })
  return answer.kind === 'read' && 'variables' in answer.read ? answer.read.variables : []
}

const executeForVariables = async (
  processor: Processor,
  files: ScriptFiles,
  software: Software | null,
  { tellEach }: { readonly tellEach: boolean },
): Promise<ReadVariables> => {
  const environment = chooseEnvironment(processor.environments(), software)
  if (!environment) return { kind: 'impossible', reason: 'This machine lacks the software environment of the script.' }
  readings += 1
  const limits = limitsFor(processor.settings, environment)
  let report: RunnerReport | undefined
  const script = processor.launcher.launch({
    software: environment,
    name: `variables-${readings}`,
    script: files,
    job: { mode: 'read-variables', tellEach },
    limits,
    onLog: () => Promise.resolve(),
    onReport: (told) => {
      report = told
    },
  })
  const { readVariablesMs } = processor.settings
  const timeLimit = setTimeout(script.end, readVariablesMs)
  const end = await script.ended
  clearTimeout(timeLimit)
  if (end.kind === 'not-started') return { kind: 'impossible', reason: `Python could not be started (${end.cause}).` }
  if (report?.kind === 'read') return { kind: 'read', read: { variables: report.variables } }
  if (end.kind === 'ended' && end.stopped) return fault(tooSlow(readVariablesMs))
  const ending: Ending = {
    stop: undefined,
    end,
    report: report?.kind === 'fault' ? report : undefined,
    limits: { ...limits, wallSeconds: readVariablesMs / 1000, outputBytes: Infinity, outputFiles: Infinity },
    environment: softwareLabel(environment),
  }
  return fault(decideOutcome(ending).reason ?? 'reduce_vars.py could not be read.')
}

const fault = (sentence: string): ReadVariables => ({ kind: 'read', read: { fault: sentence } })

const tooSlow = (limitMs: number): string =>
  `reduce_vars.py was still running after ${limitMs / 1000} s. It should only declare variables; let reduce.py do the work.`
