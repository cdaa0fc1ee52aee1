import { untrack } from 'svelte'
import type { RunFilters } from '../api/api.ts'
import type { Portal } from '../portal.ts'
import { RunList } from './run-list.svelte.ts'

/** The list for these filters: as it was left, if it was shown before. */
export const keptList = ({ kept, api }: Portal, filters: RunFilters): RunList =>
  kept.get(`runs ${JSON.stringify(filters)}`, () => new RunList(api, filters))

/** Fills a list and keeps it alive while its page is shown. */
export const keepAlive = ({ live }: Portal, list: RunList): (() => void) => {
  // Called from an effect that follows the filters, not what the list holds.
  void untrack(() => list.refresh())
  return live.listen((change) => list.take(change))
}
