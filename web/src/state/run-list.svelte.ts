import { SvelteSet } from 'svelte/reactivity'
import type { ListedRun } from '#contracts/api.ts'
import type { Api, RunFilters } from '../api/api.ts'
import type { Change } from '../live/live.svelte.ts'
import { sentenceOf } from './loaded.svelte.ts'
import { keyOfRun, putBelow, putOnTop, renewRuns, unseenRuns } from './merge-runs.ts'
import { openRefresher } from './refresher.ts'

const pageSize = 50
const mostToRenew = 200
/** Rows further down are asked for one by one when the service says that they changed; more than this at once wait for the next look. */
const mostSingles = 8

/** A list of runs that is alive without moving: rows change in place, new ones gather until a person wants them. */
export class RunList {
  items = $state.raw<readonly ListedRun[]>([])
  newest = $state.raw<readonly ListedRun[]>([])
  next = $state.raw<string | null>(null)
  fault = $state.raw<string>()
  loadedAt = $state<number>()
  isLoadingMore = $state(false)
  /** Where the person was, to be found again when they come back. */
  current = $state<string>()
  readonly selected = new SvelteSet<string>()
  readonly filters: RunFilters
  #anchor: string | undefined
  readonly #api: Api
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing that is shown follows it
  readonly #touched = new Set<string>()
  readonly #refresher = openRefresher(() => this.refresh(), 1200)

  constructor(api: Api, filters: RunFilters) {
    this.#api = api
    this.filters = filters
  }

  // Getters, no deriveds: a list outlives the page that made it.
  get gathered(): readonly ListedRun[] {
    return unseenRuns(this.items, this.newest)
  }

  get selectedRuns(): readonly ListedRun[] {
    return this.items.filter((run) => this.selected.has(keyOfRun(run)))
  }

  /** Looks again; the first look fills the list. */
  async refresh(): Promise<void> {
    try {
      const limit = Math.min(mostToRenew, Math.max(pageSize, this.items.length))
      const page = await this.#api.runs(this.filters, { limit })
      const singles = await this.#askSingles(page.items)
      if (this.loadedAt === undefined || this.items.length === 0) {
        this.items = page.items
        this.next = page.next
      } else {
        this.items = renewRuns(renewRuns(this.items, page.items), singles)
      }
      this.newest = page.items
      this.fault = undefined
      this.loadedAt = Date.now()
    } catch (fault) {
      this.fault = sentenceOf(fault)
    }
  }

  /** A change somewhere in the service. */
  take(change: Change): void {
    if (change.kind === 'event') {
      const { instrument, runNumber, kind } = change.event
      if (kind !== 'reduction' || instrument === null || runNumber === null) return
      if (this.filters.instrument !== undefined && this.filters.instrument !== instrument) return
      this.#touched.add(`${instrument}/${runNumber}`)
    }
    this.#refresher.soon()
  }

  /** Shows what has gathered. */
  reveal(): void {
    // Longer away than a page: what lies between is not known, so the list starts anew.
    const isBridged = this.newest.some((run) => this.items.some((item) => keyOfRun(item) === keyOfRun(run)))
    if (isBridged) this.items = putOnTop(this.items, this.newest)
    else {
      this.items = this.newest
      this.next = null
      void this.#findNext()
    }
  }

  async loadMore(): Promise<void> {
    if (this.next === null || this.isLoadingMore) return
    this.isLoadingMore = true
    try {
      const page = await this.#api.runs(this.filters, { limit: pageSize, cursor: this.next })
      this.items = putBelow(this.items, page.items)
      this.next = page.next
      this.fault = undefined
    } catch (fault) {
      this.fault = sentenceOf(fault)
    } finally {
      this.isLoadingMore = false
    }
  }

  toggle(run: ListedRun): void {
    const key = keyOfRun(run)
    this.#anchor = key
    if (!this.selected.delete(key)) this.selected.add(key)
  }

  /** Selects from the row chosen last to this one, as a click with Shift does. */
  selectTo(run: ListedRun): void {
    const place = (key: string | undefined): number => this.items.findIndex((item) => keyOfRun(item) === key)
    const from = place(this.#anchor)
    const to = place(keyOfRun(run))
    if (from < 0) return this.toggle(run)
    for (const item of this.items.slice(Math.min(from, to), Math.max(from, to) + 1)) this.selected.add(keyOfRun(item))
  }

  async #findNext(): Promise<void> {
    const page = await this.#api
      .runs(this.filters, { limit: Math.max(pageSize, this.items.length) })
      .catch(() => undefined)
    if (page) this.next = page.next
  }

  /** Rows that changed but are not on the newest page: further down, or no longer what the filter asks for. */
  async #askSingles(page: readonly ListedRun[]): Promise<readonly ListedRun[]> {
    const asked = unseenRuns(page, this.items)
      .filter((run) => this.#touched.has(keyOfRun(run)))
      .slice(0, mostSingles)
    this.#touched.clear()
    const answers = await Promise.all(
      asked.map((run) => this.#api.runs({ instrument: run.instrument, run: String(run.runNumber) }, { limit: 1 })),
    )
    return answers.flatMap((answer) => answer.items)
  }
}
