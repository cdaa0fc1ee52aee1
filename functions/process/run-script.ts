import type { Claim } from '#database/queries/claim-next.ts'
import { recordArguments } from '#database/queries/lease-held.ts'
import { faultFields } from '#function-server/log.ts'
import type { LogWriter } from '#results/log-writer.ts'
import type { Staging } from '#results/stage.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { Processor } from './processor.ts'
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
  /** The log could not be kept to its end: the disk for the results failed. */
  readonly logFault: unknown
}

/** Runs a prepared script to its end, or until the switch is thrown. Its log is readable while it grows. */
export const runScript = async (
  processor: Processor,
  claim: Claim,
  run: PreparedRun,
  staging: Staging,
  log: LogWriter,
  stopSwitch: StopSwitch,
): Promise<RanScript> => {
  const told: { outcome?: RanScript['outcome']; variables?: Report<'variables'>; recorded?: Promise<void> } = {}
  const writing = oneAfterTheOther(log)
  const startedAt = new Date()
  const began = performance.now()
  const script = processor.launcher.launch({
    ...run.launch,
    onLog: writing.write,
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
          return
      }
    },
  })
  const end = await watchScript(script, stopSwitch, {
    wallMs: claim.timeLimitSeconds * 1000,
  })
  const scriptSeconds = (performance.now() - began) / 1000
  await told.recorded
  return {
    end,
    outcome: told.outcome,
    variables: told.variables,
    startedAt,
    endedAt: new Date(),
    scriptSeconds,
    logFault: writing.fault(),
  }
}

/** Two streams write one log; when its disk fails the script is still listened to, or it would wait for us for ever. */
const oneAfterTheOther = (log: LogWriter) => {
  let last: Promise<void> = Promise.resolve()
  let fault: unknown
  return {
    fault: () => fault,
    write: (bytes: Buffer): Promise<void> => {
      last = last.then(async () => {
        if (fault !== undefined) return
        try {
          await log.write(bytes)
        } catch (cause) {
          fault = cause
        }
      })
      return last
    },
  }
}

/** While the script runs, and no obstacle to it: the same variables are in provenance.json. */
const recordVariables = async (processor: Processor, claim: Claim, report: Report<'variables'>): Promise<void> => {
  const variables = report.variables.map(({ group, name, value }) => ({ group, name, value }))
  try {
    await recordArguments(processor.database, claim, variables)
  } catch (fault) {
    processor.log.warn({ ...faultFields(fault), reduction: { id: claim.reductionId } }, 'variables were not recorded')
  }
}
