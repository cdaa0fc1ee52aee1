import { delayBeforeAttempt } from '#broker/back-off.ts'
import type { Clock } from '#broker/clock.ts'
import { watchForOutage } from '#broker/outage.ts'
import type { Log } from '#function-server/log.ts'
import type { FunctionStatus } from './function-status.ts'

/**
 * Asks the gateway for its functions every so often. A question that fails changes nothing: what was last heard stays true, and the gateway is asked
 * again, sooner at first.
 */
export const watchFunctions = async (options: {
  readonly list: (signal: AbortSignal) => Promise<readonly FunctionStatus[]>
  readonly intervalMs: number
  readonly heard: (functions: readonly FunctionStatus[]) => void
  /** After each question, and after what was heard has taken effect. */
  readonly polled: (isWell: boolean) => void
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly signal: AbortSignal
}): Promise<void> => {
  const { clock, signal, intervalMs } = options
  const outage = watchForOutage({ what: 'The gateway', log: options.log, clock })
  const backOff = { firstMs: Math.min(250, intervalMs), ceilingMs: intervalMs, provenAfterMs: 0 }
  let failures = 0

  const ask = async (): Promise<void> => {
    try {
      const functions = await options.list(signal)
      failures = 0
      outage.over()
      if (!signal.aborted) options.heard(functions)
      options.polled(true)
    } catch (fault) {
      if (signal.aborted) return
      failures += 1
      outage.failed(fault instanceof Error ? fault.message : String(fault))
      options.polled(false)
    }
  }

  while (!signal.aborted) {
    await ask()
    await clock.sleep(failures === 0 ? intervalMs : delayBeforeAttempt(failures, options.random(), backOff), signal)
  }
}
