import { SvelteMap } from 'svelte/reactivity'
import { lastWritten, readableLog } from '#domain/readable-log.ts'
import type { Api } from '../api/api.ts'

const tailBytes = 2000

/** The last line that each running reduction has printed. */
export class LastLines {
  readonly lines = new SvelteMap<number, string>()
  readonly #api: Api
  #isReading = false

  constructor(api: Api) {
    this.#api = api
  }

  /** Looks at the logs of these reductions and forgets all others; never throws. */
  async look(ids: readonly number[]): Promise<void> {
    if (this.#isReading) return
    this.#isReading = true
    for (const id of [...this.lines.keys()]) if (!ids.includes(id)) this.lines.delete(id)
    // A line that cannot be read stays as it was: the page's connection says whether the service is there.
    await Promise.allSettled(ids.map((id) => this.#lookAt(id)))
    this.#isReading = false
  }

  async #lookAt(id: number): Promise<void> {
    const piece = await this.#api.log(id, -tailBytes)
    const last = readableLog(piece.bytes, piece.isComplete)
      .text.split('\n')
      .map(lastWritten)
      .findLast((line) => line.trim() !== '')
    if (last !== undefined) this.lines.set(id, last)
  }
}
