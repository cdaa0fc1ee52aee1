import { SvelteMap } from 'svelte/reactivity'
import type { Instrument, Run } from '#contracts/api.ts'
import type { Api } from '../api/api.ts'
import { parseFigure } from '../figures/parse-figure.ts'
import type { Plot } from './plots.svelte.ts'

/** A figure larger than this is not read for a picture the size of a hand. */
const largestBytes = 5_000_000

export type NewestResult = { readonly run: Run; readonly reductionId: number; readonly plot: Plot }

/** The first plot of each instrument's newest completed reduction. It stays until the next one is complete. */
export class NewestResults {
  readonly byInstrument = new SvelteMap<string, NewestResult>()
  readonly #api: Api
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing that is shown follows it
  readonly #asked = new Map<string, number>()
  readonly #stopped = new AbortController()

  constructor(api: Api) {
    this.#api = api
  }

  /** Looks at what is new among these; never throws, since a page without these pictures is still a page. */
  take(instruments: readonly Instrument[]): void {
    for (const { name, latestRun, isActive } of instruments) {
      const latest = latestRun?.latest
      if (latestRun && latest?.state === 'Completed' && this.#asked.get(name) !== latest.id) {
        this.#asked.set(name, latest.id)
        void this.#read(name, latestRun, latest.id)
      } else if (latestRun && isActive && !this.#asked.has(name)) {
        // The newest run is still under way or has failed: what came before it.
        this.#asked.set(name, 0)
        void this.#readEarlier(name)
      }
    }
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #read(instrument: string, run: Run, reductionId: number): Promise<void> {
    try {
      const plot = await this.#firstPlot(reductionId)
      if (this.#asked.get(instrument) !== reductionId) return
      if (plot) this.byInstrument.set(instrument, { run, reductionId, plot })
      else this.byInstrument.delete(instrument)
    } catch {
      // Asked for again when the instruments are looked at next.
      this.#asked.delete(instrument)
    }
  }

  async #readEarlier(instrument: string): Promise<void> {
    const answer = await this.#api
      .runs({ instrument, state: 'Completed' }, { limit: 1 }, this.#stopped.signal)
      .catch(() => undefined)
    const run = answer?.items[0]
    if (!run?.latest || this.#asked.get(instrument) !== 0) return
    this.#asked.set(instrument, run.latest.id)
    await this.#read(instrument, run, run.latest.id)
  }

  async #firstPlot(reductionId: number): Promise<Plot | undefined> {
    const { items } = await this.#api.files(reductionId, this.#stopped.signal)
    const figureFile = items.find((file) => file.plot === 'plotly' && file.sizeBytes <= largestBytes)
    const named = (path: string) => ({ path, name: path, url: this.#api.fileUrl(reductionId, path) })
    if (figureFile) {
      const answer = parseFigure(await this.#api.figure(reductionId, figureFile.path, this.#stopped.signal))
      if ('figure' in answer)
        return { ...named(figureFile.path), kind: 'figure', figure: answer.figure, fault: undefined }
    }
    const image = items.find((file) => file.plot === 'image')
    return image && { ...named(image.path), kind: 'image' }
  }
}
