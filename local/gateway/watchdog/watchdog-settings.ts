import { z } from 'zod'

/**
 * What the watchdog is told of its function: one variable, `watchdog`, holding JSON, so that nothing in the function's own
 * environment (such as NODE_OPTIONS) can change how the watchdog itself runs.
 */
export const watchdogSettingsSchema = z.object({
  /** The program and its arguments, separated by spaces; OpenFaaS knows no quoting. */
  fprocess: z.string(),
  /** The whole environment of the program, but for what a call adds. */
  environment: z.record(z.string(), z.string()),
  secretsFolder: z.string(),
  /** Absent where it has no code of its own. */
  codeFolder: z.string().optional(),
  /** The gateway ends the call; this is for saying in the log why a program was ended. */
  execTimeoutMs: z.number().nullable(),
  /** The answer begins with the program's first byte, rather than when it has ended well. */
  isStreaming: z.boolean(),
  /** What it prints on its standard error belongs to the answer, rather than to the log. */
  combinesOutput: z.boolean(),
  /** Of every answer; the caller's own where unset. */
  contentType: z.string().optional(),
  /** What is known of the call goes into the environment. */
  hasCgiHeaders: z.boolean(),
})
export type WatchdogSettings = z.infer<typeof watchdogSettingsSchema>
