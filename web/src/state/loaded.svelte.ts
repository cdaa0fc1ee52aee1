import { ApiFault } from '../api/request.ts'
import { openRefresher, type Refresher } from './refresher.ts'

export const sentenceOf = (fault: unknown): string =>
  fault instanceof ApiFault
    ? fault.message
    : 'This page made a mistake. Reload it; if that does not help, tell the operators.'

/** Something asked from the API. What was shown stays while it is renewed, and when that fails. */
export class Loaded<Value> {
  value = $state.raw<Value>()
  fault = $state.raw<string>()
  isMissing = $state(false)
  loadedAt = $state<number>()
  readonly #ask: (signal: AbortSignal) => Promise<Value>
  readonly #refresher: Refresher
  readonly #stopped = new AbortController()

  constructor(ask: (signal: AbortSignal) => Promise<Value>, gapMs = 1500) {
    this.#ask = ask
    this.#refresher = openRefresher(() => this.load(), gapMs)
  }

  /** Never throws: the fault is part of what is shown. */
  async load(): Promise<void> {
    try {
      const value = await this.#ask(this.#stopped.signal)
      if (this.#stopped.signal.aborted) return
      this.value = value
      this.fault = undefined
      this.isMissing = false
      this.loadedAt = Date.now()
    } catch (fault) {
      if (this.#stopped.signal.aborted) return
      this.fault = sentenceOf(fault)
      this.isMissing = fault instanceof ApiFault && fault.status === 404
    }
  }

  soon(): void {
    this.#refresher.soon()
  }

  stop(): void {
    this.#refresher.stop()
    this.#stopped.abort()
  }
}
