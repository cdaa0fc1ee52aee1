import type { Detection } from '#contracts/api.ts'
import type { Api } from '../api/api.ts'
import { Loaded } from './loaded.svelte.ts'

/** A run that was waiting and is in none of the lists any more is shown as `gone`: its file came, or somebody dismissed it. */
export type WaitingRun = Omit<Detection, 'state'> & { readonly state: Detection['state'] | 'gone' }

/** Runs whose files are waited for. Rows keep their places while the page is open, also those that need no more waiting. */
export const openWaitingList = (api: Api): Loaded<readonly WaitingRun[]> => {
  let shown: readonly WaitingRun[] = []
  return new Loaded(async (signal) => {
    const { items } = await api.detections(['waiting', 'due', 'given-up'], signal)
    const gone = shown.filter((run) => !items.some((item) => item.id === run.id))
    // Whether it was dismissed or has come is asked only where it matters.
    const dismissed = gone.length === 0 ? [] : (await api.detections(['dismissed'], signal)).items
    const renewed = shown.map(
      (run): WaitingRun =>
        items.find((item) => item.id === run.id) ??
        dismissed.find((item) => item.id === run.id) ?? { ...run, state: 'gone', nextTryAt: null },
    )
    const added = items
      .filter((item) => !shown.some((run) => run.id === item.id))
      .sort((left, right) => right.detectedAt.localeCompare(left.detectedAt))
    shown = [...renewed, ...added]
    return shown
  })
}
