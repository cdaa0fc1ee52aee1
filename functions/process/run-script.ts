import type { Claim } from '#database/queries/claim-next.ts'
import type { LogWriter } from '#results/log-writer.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { Processor } from './processor.ts'
import { recordVariables } from './record-variables.ts'
import type { RunnerReport, ScriptEnd } from './runner-events.ts'
import { watchScript, type StopSwitch } from './watch-script.ts'

type Report<Kind extends RunnerReport['kind']> = Extract<RunnerReport, { kind: Kind }>

/** What is known when the script and everything it started have ended. */
export type RanScript = {
  readonly end: ScriptEnd
  readonly outcome: Report<'returned'> | Report<'fault'> | undefined
  readonly variables: Report<'variables'> | undefined
  readonly startedAt: Date
  readonly endedAt: Date
  readonly scriptSeconds: number
}

/** Runs a prepared script to its end, or until the switch is thrown. Its log is readable while it grows. */
export const runScript = async (
  processor: Processor,
  claim: Claim,
  run: PreparedRun,
  log: LogWriter,
  stopSwitch: StopSwitch,
): Promise<RanScript> => {
  const told: { outcome?: RanScript['outcome']; variables?: Report<'variables'>; recorded?: Promise<void> } = {}
  const startedAt = new Date()
  const began = performance.now()
  const script = processor.launcher.launch({
    ...run.launch,
    onLog: log.write,
    onReport: (report) => {
      switch (report.kind) {
        case 'variables':
          told.variables = report
          told.recorded ??= recordVariables(processor, claim, report)
          return
        case 'returned':
        case 'fault':
          told.outcome = report
          return
        case 'read':
        case 'probe':
        case 'checked':
          return
      }
    },
  })
  const end = await watchScript(script, stopSwitch, { wallMs: claim.timeLimitSeconds * 1000 })
  const scriptSeconds = (performance.now() - began) / 1000
  await told.recorded
  return {
    end,
    outcome: told.outcome,
    variables: told.variables,
    startedAt,
    endedAt: new Date(),
    scriptSeconds,
  }
}
