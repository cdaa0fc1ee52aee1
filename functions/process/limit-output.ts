import { setTimeout as wait } from 'node:timers/promises'
import type { Claim } from '#database/queries/claim-next.ts'
import { resultsOf } from '#results/disk/open-disk.ts'
import { ResultsFault } from '#results/results-fault.ts'
import type { Processor } from './processor.ts'
import type { StopSwitch } from './watch-script.ts'

/**
 * Measures what a script has written, every few seconds while it runs, and throws the switch when that is too much. So a disk that hangs
 * is noticed while scripts run on it.
 */
export const limitOutput = (
  processor: Pick<Processor, 'disk' | 'places' | 'settings' | 'rhythm'>,
  { instrument }: Pick<Claim, 'instrument'>,
  directory: string,
  stopSwitch: StopSwitch,
): { readonly stop: () => void } => {
  const { disk, places, settings, rhythm } = processor
  const enough = settings.outputLimitBytes
  const over = new AbortController()
  const run = async (): Promise<void> => {
    for (;;) {
      await wait(rhythm.measureMs, undefined, { signal: over.signal }).catch(() => undefined)
      if (over.signal.aborted) return
      try {
        if ((await disk.ask('measure', { directory, enough }, resultsOf(instrument))) <= enough) continue
        if (!over.signal.aborted) stopSwitch.stop('output-limit')
        return
      } catch (fault) {
        if (fault instanceof ResultsFault && fault.retryable) await places.failed(instrument, fault)
      }
    }
  }
  void run()
  return { stop: () => over.abort() }
}
