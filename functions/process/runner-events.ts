import { z } from 'zod'
import { leftOutVariablesSchema, variablesSchema } from '#contracts/variables.ts'

/** Variables that no form can hold, and why. */
const unrepresentableSchema = z.array(
  z.object({ group: z.enum(['standard', 'advanced']), variable: z.string(), fault: z.string() }),
)

/** What looking a script over has found. */
const scriptProblemSchema = z.object({
  file: z.string(),
  line: z.number().int().nullable(),
  severity: z.enum(['error', 'warning']),
  kind: z.string(),
  message: z.string(),
})

/** A script can report in the runner's name; its words end up in the database, in logs and on pages. */
const longestSentence = 4_000
const sentence = z
  .string()
  .transform((text) => (text.length > longestSentence ? `${text.slice(0, longestSentence - 1)}…` : text).toWellFormed())

/** What the script's own process reports. It could be forged by a script, and says nothing that only the script may not say. */
export const runnerReportSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('variables'),
    variables: variablesSchema,
    unrepresentable: unrepresentableSchema,
    /** What was configured and does not fit the script any more. */
    leftOut: leftOutVariablesSchema,
  }),
  z.object({
    kind: z.literal('returned'),
    directories: z.array(z.string()),
    badReturn: sentence.nullable(),
    modules: z.record(z.string(), z.string()),
  }),
  z.object({
    kind: z.literal('read'),
    variables: variablesSchema,
    unrepresentable: unrepresentableSchema,
    helpRemarks: z.array(z.string()),
  }),
  z.object({ kind: z.literal('checked'), python: z.string(), problems: z.array(scriptProblemSchema) }),
  /** What does not hold of the isolation. */
  z.object({ kind: z.literal('probe'), failed: z.array(z.string()) }),
  z.object({
    kind: z.literal('fault'),
    fault: z.object({ kind: z.string(), message: sentence, traceback: z.array(z.string()) }),
  }),
])
export type RunnerReport = z.infer<typeof runnerReportSchema>

const exitSchema = z.union([z.object({ code: z.number().int() }), z.object({ signal: z.string() })])
export type ScriptExit = z.infer<typeof exitSchema>

const exceededSchema = z.enum(['memory', 'processes', 'temporary-files'])
export type ExceededLimit = z.infer<typeof exceededSchema>

const endedSchema = z.object({
  event: z.literal('ended'),
  /** Ended because we asked for it. */
  stopped: z.boolean(),
  /** Ended because it used more of the machine than it may. */
  limit: exceededSchema.nullable(),
  exit: exitSchema.nullable(),
  /** Where the script was when native code crashed: `reduce.py, line 12`. A script could have written it itself. */
  crashedIn: z.string().max(300).nullable(),
  /** Processes that the script left running, ended then. */
  endedProcesses: z.number().int(),
  /** Processes that could not be ended. */
  survivors: z.number().int(),
  cpuSeconds: z.number().nullable(),
  peakMemoryBytes: z.number().nullable(),
})

/** One line of the runner's events: from the supervisor, which no script's report can imitate. */
export const runnerEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('started'), pid: z.number().int() }),
  z.object({ event: z.literal('refused'), cause: z.string() }),
  z.object({ event: z.literal('report'), report: z.unknown() }),
  endedSchema,
])
export type RunnerEvent = z.infer<typeof runnerEventSchema>

/** How a script's process came to its end, as the runner saw it. */
export type ScriptEnd =
  | (Omit<z.infer<typeof endedSchema>, 'event'> & { readonly kind: 'ended' })
  | { readonly kind: 'not-started'; readonly cause: string }
  | { readonly kind: 'runner-lost' }
