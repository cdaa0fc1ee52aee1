import type { Comparison } from '#contracts/comparison.ts'
import type { Api } from '../api/api.ts'
import { Plots, type Plot } from './plots.svelte.ts'

/** The same plot of two reductions; undefined where one of them has none of this name. */
export type PlotPair = { readonly name: string; readonly left: Plot | undefined; readonly right: Plot | undefined }

/** The plots of two reductions side by side, as the comparison pairs their files. */
export class PairedPlots {
  readonly #left: Plots
  readonly #right: Plots
  #outputs = $state.raw<Comparison['outputs']>([])
  readonly pairs: readonly PlotPair[] = $derived.by(() => {
    const of = (plots: Plots, path: string | undefined): Plot | undefined =>
      plots.items.find((plot) => plot.path === path)
    const pairs = this.#outputs.map(({ name, left, right }) => ({
      name,
      left: of(this.#left, left?.path),
      right: of(this.#right, right?.path),
    }))
    // What both have comes first, and of that the figures, as on a reduction's own page.
    const rank = ({ left, right }: PlotPair): number =>
      (left && right ? 0 : 2) + ((left ?? right)?.kind === 'figure' ? 0 : 1)
    return pairs
      .filter(({ left, right }) => left !== undefined || right !== undefined)
      .toSorted((one, other) => rank(one) - rank(other))
  })

  constructor(api: Api, left: number, right: number) {
    this.#left = new Plots(api, left)
    this.#right = new Plots(api, right)
  }

  take(comparison: Comparison): void {
    this.#outputs = comparison.outputs
    this.#left.take(comparison.outputs.flatMap(({ left }) => left ?? []))
    this.#right.take(comparison.outputs.flatMap(({ right }) => right ?? []))
  }

  stop(): void {
    this.#left.stop()
    this.#right.stop()
  }
}
