import { setTimeout as wait } from 'node:timers/promises'
import type { Claim } from '#database/queries/claim-next.ts'
import { resultsOf } from '#results/disk/open-disk.ts'
import type { ExceededOutput } from '#results/measure-output.ts'
import { ResultsFault } from '#results/results-fault.ts'
import type { Processor } from './processor.ts'
import type { StopSwitch } from './watch-script.ts'

/** Measures what a script has written, every few seconds while it runs, and throws the switch when that is too much. */
export const limitOutput = (
  measure: () => Promise<ExceededOutput | undefined>,
  everyMs: number,
  stopSwitch: StopSwitch,
): { readonly stop: () => void } => {
  const over = new AbortController()
  const run = async (): Promise<void> => {
    for (;;) {
      await wait(everyMs, undefined, { signal: over.signal }).catch(() => undefined)
      if (over.signal.aborted) return
      const exceeded = await measure()
      if (over.signal.aborted) return
      if (exceeded === undefined) continue
      stopSwitch.stop(exceeded)
      return
    }
  }
  void run()
  return { stop: () => over.abort() }
}

/** Measures a reduction's staging directory; so a disk that hangs is noticed while scripts run on it. */
export const measureStaging =
  (
    { disk, places, settings }: Pick<Processor, 'disk' | 'places' | 'settings'>,
    { instrument }: Pick<Claim, 'instrument'>,
    directory: string,
  ) =>
  async (): Promise<ExceededOutput | undefined> => {
    const most = { bytes: settings.outputLimitBytes, files: settings.outputLimitFiles }
    try {
      return await disk.ask('measure', { directory, most }, resultsOf(instrument))
    } catch (fault) {
      if (fault instanceof ResultsFault && fault.retryable) await places.failed(instrument, fault)
      return undefined
    }
  }
