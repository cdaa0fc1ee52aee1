import type { ResultFile } from '#contracts/api.ts'
import type { Api } from '../api/api.ts'
import type { Figure } from '../figures/figure.ts'
import { parseFigure } from '../figures/parse-figure.ts'
import { sentenceOf } from './loaded.svelte.ts'

/** A figure larger than this is a file to be opened, not a page to be slowed down. */
const largestFigureBytes = 40_000_000

export type Plot = { readonly path: string; readonly name: string; readonly url: string } & (
  | { readonly kind: 'image' }
  | { readonly kind: 'figure'; readonly figure: Figure | undefined; readonly fault: string | undefined }
)

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** The plots among a reduction's files: interactive figures first, each read once. */
export class Plots {
  items = $state.raw<readonly Plot[]>([])
  readonly #api: Api
  readonly #id: number
  readonly #stopped = new AbortController()

  constructor(api: Api, id: number) {
    this.#api = api
    this.#id = id
  }

  take(files: readonly ResultFile[]): void {
    const known = (path: string): Plot | undefined => this.items.find((plot) => plot.path === path)
    const plots = files.filter((file) => file.plot !== null)
    const ordered = [
      ...plots.filter((file) => file.plot === 'plotly'),
      ...plots.filter((file) => file.plot === 'image'),
    ]
    if (ordered.map((file) => file.path).join('\n') === this.items.map((plot) => plot.path).join('\n')) return
    const shown = this.items.map((plot) => plot.path)
    this.items = ordered.map((file): Plot => {
      const common = { path: file.path, name: nameOf(file.path), url: this.#api.fileUrl(this.#id, file.path) }
      if (file.plot === 'image') return { ...common, kind: 'image' }
      return known(file.path) ?? { ...common, kind: 'figure', figure: undefined, fault: undefined }
    })
    for (const file of ordered) if (file.plot === 'plotly' && !shown.includes(file.path)) void this.#read(file)
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #read(file: ResultFile): Promise<void> {
    const answer = await this.#figure(file)
    if (this.#stopped.signal.aborted) return
    this.items = this.items.map((plot) =>
      plot.path === file.path && plot.kind === 'figure' ? { ...plot, ...answer } : plot,
    )
  }

  async #figure(file: ResultFile): Promise<{ readonly figure: Figure } | { readonly fault: string }> {
    if (file.sizeBytes > largestFigureBytes)
      return { fault: 'This figure is too large to be drawn here. Open the file instead.' }
    try {
      return parseFigure(await this.#api.figure(this.#id, file.path, this.#stopped.signal))
    } catch (fault) {
      return { fault: sentenceOf(fault) }
    }
  }
}
