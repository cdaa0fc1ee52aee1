import type { ChangeEvent } from '#contracts/change-events.ts'
import { openEventParser } from './event-stream.ts'

/** `catch-up`: something may have changed unseen; look again. */
export type Change = { readonly kind: 'event'; readonly event: ChangeEvent } | { readonly kind: 'catch-up' }

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** The API answers, its event stream does not: pages look again every few seconds. */
  | { readonly state: 'polling' }
  | { readonly state: 'lost'; readonly since: number }

const pollEveryMs = 8000
/** The server sends a comment at least every 15 s; a stream silent for longer is dead without having said so. */
const silenceMs = 50_000
const hiddenMs = 60_000
const longestDelayMs = 15_000

const isChange = (value: unknown): value is ChangeEvent =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'kind') === 'string'

/**
 * What changes in the service, as it changes: server-sent events that go on where they stopped, polling where they cannot be
 * had, and a true word on which of it holds. A tab that nobody sees lets go of its stream (browsers allow six to a host).
 */
export class Live {
  #isStreaming = $state(false)
  #isUnreachable = $state(false)
  #failures = $state(0)
  #answeredAt = $state(Date.now())
  readonly connection: Connection = $derived(
    this.#isStreaming
      ? { state: 'live' }
      : this.#isUnreachable
        ? { state: 'lost', since: this.#answeredAt }
        : { state: this.#failures === 0 ? 'connecting' : 'polling' },
  )
  readonly #url: URL
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing that is shown follows it
  readonly #listeners = new Set<(change: Change) => void>()
  #lastId: string | undefined
  #stream: AbortController | undefined
  #timers: {
    retry?: ReturnType<typeof setTimeout>
    poll?: ReturnType<typeof setInterval>
    hide?: ReturnType<typeof setTimeout>
  } = {}

  constructor(url: URL) {
    this.#url = url
  }

  /** @returns how to stop listening */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  answered(): void {
    this.#isUnreachable = false
    this.#answeredAt = Date.now()
  }

  unreachable(): void {
    if (!this.#isStreaming) this.#isUnreachable = true
  }

  start(): () => void {
    const seen = (): void => {
      clearTimeout(this.#timers.hide)
      if (document.visibilityState === 'hidden') this.#timers.hide = setTimeout(() => this.#close(), hiddenMs)
      else if (!this.#stream) this.#open()
    }
    const online = (): void => {
      if (!this.#isStreaming) this.#open()
    }
    document.addEventListener('visibilitychange', seen)
    addEventListener('online', online)
    this.#timers.poll = setInterval(() => {
      if (!this.#isStreaming && this.#failures > 0 && document.visibilityState === 'visible')
        this.#tell({ kind: 'catch-up' })
    }, pollEveryMs)
    this.#open()
    return () => {
      document.removeEventListener('visibilitychange', seen)
      removeEventListener('online', online)
      clearInterval(this.#timers.poll)
      clearTimeout(this.#timers.hide)
      this.#close()
    }
  }

  #close(): void {
    clearTimeout(this.#timers.retry)
    this.#stream?.abort()
    this.#stream = undefined
    this.#isStreaming = false
  }

  #open(): void {
    this.#close()
    const stream = new AbortController()
    this.#stream = stream
    void this.#read(stream).then(() => {
      if (stream.signal.aborted && this.#stream !== stream) return
      this.#isStreaming = false
      this.#failures += 1
      // The pages look at once, and so find out whether the whole service is gone or the stream alone.
      this.#tell({ kind: 'catch-up' })
      const delay = Math.min(longestDelayMs, 1000 * 2 ** Math.min(this.#failures - 1, 4)) * (0.75 + Math.random() / 2)
      this.#timers.retry = setTimeout(() => this.#open(), delay)
    })
  }

  async #read(stream: AbortController): Promise<void> {
    let silence = setTimeout(() => stream.abort(), silenceMs)
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (this.#lastId !== undefined) headers['last-event-id'] = this.#lastId
      const response = await fetch(this.#url, { headers, signal: stream.signal, cache: 'no-store' })
      const isStream = (response.headers.get('content-type') ?? '').startsWith('text/event-stream')
      if (!response.ok || !isStream || !response.body) return await response.body?.cancel()
      this.#isStreaming = true
      this.#failures = 0
      this.answered()
      this.#tell({ kind: 'catch-up' })
      const parse = openEventParser()
      const pieces = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (let piece = await pieces.read(); !piece.done; piece = await pieces.read()) {
        clearTimeout(silence)
        silence = setTimeout(() => stream.abort(), silenceMs)
        for (const event of parse(piece.value)) this.#take(event.data, event.id)
      }
    } catch {
      // A cut or refused stream: opened again after a while, and said on the page meanwhile.
    } finally {
      clearTimeout(silence)
    }
  }

  #take(data: string, id: string | undefined): void {
    if (id !== undefined) this.#lastId = id
    try {
      const event: unknown = JSON.parse(data)
      if (isChange(event)) this.#tell({ kind: 'event', event })
    } catch {
      // An event of another version that is no JSON: the pages look for themselves.
      this.#tell({ kind: 'catch-up' })
    }
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }
}
